const MAX_PRINTED_CHARACTERS = 300;

/**
 * Foreign text for a terminal or a log line: what could move the cursor, break the line or turn the
 * writing direction is escaped as in JavaScript (`\u{1b}`), and endless text is cut.
 */
export function printable(text: string): string {
  const characters = [...text];
  const shown = characters.slice(0, MAX_PRINTED_CHARACTERS).join("").replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
  return characters.length > MAX_PRINTED_CHARACTERS ? `${shown}…` : shown;
}
