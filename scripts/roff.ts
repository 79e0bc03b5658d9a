/**
 * What the manual page is written in, man(7): ASCII alone, so that no formatter has to guess at
 * characters. Of the packages that make such pages of Markdown, none has paragraphs with tags, and
 * those tried let a line that begins with a dot be a request, or options have typographic hyphens.
 */

const CHARACTERS: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  '"': "\\(dq",
};

/** Text as itself, wherever in a line or in a macro's arguments it is. */
export function escapeRoff(text: string): string {
  const line = text.replace(/\s*\n\s*/g, " ")
    .replace(/[\\\-'`^~"]/g, (character) => CHARACTERS[character] ?? character)
    .replace(/[^ -~]/gu, (character) => `\\[u${hexadecimal(character)}]`);
  return line.startsWith(".") ? `\\&${line}` : line;
}

function hexadecimal(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

export function bold(text: string): string {
  return `\\fB${escapeRoff(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${escapeRoff(text)}\\fR`;
}

/** Text in which `this` is to be typed as it is. */
export function prose(text: string): string {
  const parts = text.split("`").map((part, index) =>
    index % 2 === 0 ? escapeRoff(part) : bold(part)
  );
  return parts.join("");
}

export function section(title: string, ...lines: readonly string[]): string[] {
  return [`.SH "${escapeRoff(title)}"`, ...lines];
}

export function subsection(title: string, ...lines: readonly string[]): string[] {
  return [`.SS "${escapeRoff(title)}"`, ...lines];
}

/** @param tag in roff, as is `text` */
export function tagged(tag: string, text: string): string[] {
  return [".TP", tag, text];
}

/** As they are, one below the other. */
export function verbatim(lines: readonly string[]): string[] {
  return [".RS 4", ".nf", ...lines.map(escapeRoff), ".fi", ".RE"];
}
