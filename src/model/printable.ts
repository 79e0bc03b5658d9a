const MAX_CHARACTERS = 300;

/**
 * Characters that could move the cursor, break the line, turn the writing direction or hide: control,
 * line separator, surrogate and format characters. The zero-width joiners stay, as emoji and several
 * scripts need them.
 *
 * A function, as Unicode's tables take 2 ms to load, and most text is ASCII.
 */
const unprintable = () => /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu;

export function isPrintable(text: string): boolean {
  return isPrintableAscii(text) || !unprintable().test(text);
}

/**
 * Foreign text for a terminal or a log line: what is not printable is escaped as in JavaScript
 * (`\u{1b}`), and endless text is cut.
 */
export function printable(text: string, maxCharacters = MAX_CHARACTERS): string {
  const characters = [...text];
  const shown = characters.slice(0, maxCharacters).join("");
  const escaped = isPrintableAscii(shown) ? shown : shown.replace(
    unprintable(),
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
  return characters.length > maxCharacters ? `${escaped}…` : escaped;
}

function isPrintableAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** Text of a data format, where what is not printable has to be written as an escape of that format. */
export function escapeUnprintable(text: string, escape: (character: string) => string): string {
  return isPrintableAscii(text) ? text : text.replace(/[^\n]+/g, (line) => {
    return line.replace(unprintable(), escape);
  });
}
