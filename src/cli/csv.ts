/*
 * CSV (RFC 4180) as spreadsheets read it. One that begins with one of these would be a formula there;
 * an apostrophe before it makes it a text. So that it can be told from one that was there already, one
 * that begins with apostrophes and then with one of these gets one more, and gives it back.
 */
const FORMULA = /^'*[=+\-@\t\r]/;
const PROTECTED_FORMULA = /^'+[=+\-@\t\r]/;

export function formatCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(formatCell).join(",")}\r\n`).join("");
}

function formatCell(text: string): string {
  const cell = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** What {@link formatCsv} was given for a cell. */
export function cellText(cell: string): string {
  return PROTECTED_FORMULA.test(cell) ? cell.slice(1) : cell;
}
