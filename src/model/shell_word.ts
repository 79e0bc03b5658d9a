import { isPrintable } from "./printable.ts";

/** A text as one word of a shell's command line, however strange it is. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (isPrintable(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const octets = [...Buffer.from(text, "utf8")].map((octet) =>
    octet > 0x20 && octet < 0x7f && octet !== QUOTE && octet !== BACKSLASH
      ? String.fromCharCode(octet)
      : `\\${octet.toString(8).padStart(3, "0")}`
  );
  // POSIX.1-2024, section 2.2.4: as it would be on a terminal that obeys it, it must not be shown.
  return `$'${octets.join("")}'`;
}

const QUOTE = 0x27;
const BACKSLASH = 0x5c;

/** The words of a command line as they stand there, each that {@link shellWord} has made as one. */
export function shellWords(line: string): string[] {
  return line.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
}
