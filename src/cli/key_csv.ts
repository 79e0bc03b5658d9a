import { AppError } from "../errors.ts";
import { parseAlias } from "../model/alias.ts";
import { parseExpiry } from "../model/expiry.ts";
import { parseMetadata } from "../model/metadata_fields.ts";
import { isCanonicalUuid } from "../model/uuid.ts";
import type { ImportedKey } from "../protocol/import.ts";
import { cellText } from "./csv.ts";

/*
 * API keys in a table (RFC 4180), secrets included: src/cli/README.md documents it. No message quotes a
 * cell: a key may stand in any of them.
 */
export const COLUMNS = [
  "alias",
  "key",
  "expires_on",
  "description",
  "owner",
  "scopes",
  "networks",
  "disabled",
] as const;

type Column = typeof COLUMNS[number];
type Row = Readonly<Partial<Record<Column, string>>>;

interface Line {
  readonly number: number;
  readonly cells: readonly string[];
}

/** @throws AppError ERR_USAGE naming the line */
export async function parseKeyCsv(text: string): Promise<ImportedKey[]> {
  const [header, ...lines] = await readLines(text);
  if (header === undefined) throw new AppError("ERR_USAGE", "it is empty");
  const columns = parseHeader(header);
  const numbers = new Map<string, number>();
  const keyNumbers = new Map<string, number>();
  return lines.map(({ number, cells }) => {
    const named = columns.map((column, index) => [column, cellText(cells[index] ?? "")] as const);
    const key = parseRow(Object.fromEntries(named.filter(([, cell]) => cell !== "")), number);
    const other = numbers.get(key.alias);
    if (other !== undefined) throw refused(number, `the alias is that of line ${other}`);
    numbers.set(key.alias, number);
    const twin = keyNumbers.get(key.key);
    if (twin !== undefined) throw refused(number, `the key is that of line ${twin}`);
    keyNumbers.set(key.key, number);
    return key;
  });
}

async function readLines(text: string): Promise<Line[]> {
  const { CsvError, parse } = await import("csv-parse/sync");
  try {
    const records = parse(text, {
      bom: true,
      info: true,
      skip_empty_lines: true,
      // As spreadsheets write below the last row.
      skip_records_with_empty_values: true,
    });
    return (records as unknown as { info: { lines: number }; record: string[] }[])
      .map(({ info, record }) => ({ number: info.lines, cells: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines, code } = error as { readonly lines?: number; readonly code: string };
    throw refused(lines ?? 0, SYNTAX[code] ?? "it is no CSV");
  }
}

const SYNTAX: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: "it has not as many cells as the first line",
  CSV_QUOTE_NOT_CLOSED: "a quote is never closed",
  CSV_INVALID_CLOSING_QUOTE: "something follows a closing quote",
  INVALID_OPENING_QUOTE: "there is a quote within a cell that does not begin with one",
};

function parseHeader({ number, cells }: Line): Column[] {
  const columns = cells.map((cell, index) => {
    const column = COLUMNS.find((each) => each === cell.trim().toLowerCase());
    if (column !== undefined) return column;
    if (cells.length === 1 && /[;\t]/.test(cell)) throw refused(number, "separate cells by commas");
    throw refused(number, `the name of column ${index + 1} is none of ${COLUMNS.join(", ")}`);
  });
  if (new Set(columns).size < columns.length) throw refused(number, "two columns have one name");
  for (const needed of ["alias", "key"] as const) {
    if (!columns.includes(needed)) throw refused(number, `there is no column '${needed}'`);
  }
  return columns;
}

function parseRow(row: Row, line: number): ImportedKey {
  const { alias = "", key = "", expires_on, description, owner } = row;
  if (!isCanonicalUuid(key)) throw refused(line, "the key is no UUID in lower case");
  const expiry = expires_on === undefined ? undefined : parseExpiry(expires_on);
  if (expires_on !== undefined && expiry === undefined) {
    throw refused(line, "expires_on: expected one such as 2031-12-31T23:59:59");
  }
  const scopes = itemsOf(row.scopes);
  const networks = itemsOf(row.networks);
  checked(line, "scopes", () => parseMetadata({ ...scopes && { scopes } }));
  checked(line, "networks", () => parseMetadata({ ...networks && { networks } }));
  checked(line, "description", () => parseMetadata({ ...description && { description } }));
  checked(line, "owner", () => parseMetadata({ ...owner && { owner } }));
  return {
    alias: checked(line, "alias", () => parseAlias(alias)),
    key,
    ...expiry,
    ...description && { description },
    ...owner && { owner },
    ...scopes && { scopes },
    ...networks && { networks },
    ...parseDisabled(row.disabled, line),
  };
}

function itemsOf(cell: string | undefined): string[] | undefined {
  return cell?.split(/\s+/).filter((item) => item !== "");
}

/** Spreadsheets write booleans in capitals. */
function parseDisabled(cell = "false", line: number): { disabled?: boolean } {
  const text = cell.toLowerCase();
  if (text === "true") return { disabled: true };
  if (text === "false") return {};
  throw refused(line, "disabled: expected true or false");
}

function checked<T>(line: number, column: Column, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const reason = error.message.replace(QUOTED, "");
    throw refused(line, reason.startsWith(`${column}: `) ? reason : `${column}: ${reason}`);
  }
}

/** What comes before the reason: `no scope: '…'; `, `invalid alias '…': `. */
const QUOTED = /^[^']*'.*'[:;] /s;

function refused(line: number, text: string): AppError {
  return new AppError("ERR_USAGE", `line ${line}: ${text}`);
}
