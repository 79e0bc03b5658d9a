import Table from "cli-table3";
import stringWidth from "string-width";

/** A column of a table: what is too wide for a terminal is cut in those that may shrink, the last first. */
export interface Column {
  readonly name: string;
  /** How narrow it may become; undefined where all of it must be seen. */
  readonly minWidth?: number;
}

const GAP = 2;
/** Lines between nothing, so that what is printed can be cut apart by blanks. */
const NO_LINES = Object.fromEntries(
  [
    ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left"],
    ...["bottom-right", "left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
  ].map((name) => [name, ""]),
);

/**
 * Aligned columns, by how wide characters are on a terminal.
 *
 * @param maxWidth how wide the terminal is; undefined where nothing needs to be cut
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  maxWidth: number | undefined,
): string {
  const all = [columns.map(({ name }) => name), ...rows];
  const natural = columns.map((_, at) =>
    all.reduce((width, row) => Math.max(width, stringWidth(row[at] ?? "")), 0)
  );
  const widths = maxWidth === undefined ? natural : shrink(columns, natural, maxWidth);
  let text = "";
  for (let from = 0; from < all.length; from += ROWS_AT_ONCE) {
    text += formatRows(all.slice(from, from + ROWS_AT_ONCE), widths);
  }
  return text;
}

/** The package takes more than twice as long for twice as many. */
const ROWS_AT_ONCE = 100;

function formatRows(rows: readonly (readonly string[])[], widths: readonly number[]): string {
  const table = new Table({
    chars: NO_LINES,
    colWidths: widths.map((width) => width + GAP),
    style: { "padding-left": 0, "padding-right": GAP, head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString().split("\n").map((line) => `${line.trimEnd()}\n`).join("");
}

function shrink(
  columns: readonly Column[],
  widths: readonly number[],
  maxWidth: number,
): readonly number[] {
  let excess = widths.reduce((sum, width) => sum + width + GAP, -GAP) - maxWidth;
  return widths.map((width, at) => ({ width, minWidth: columns[at]?.minWidth ?? width }))
    .reverse()
    .map(({ width, minWidth }) => {
      const less = Math.max(0, Math.min(excess, width - minWidth));
      excess -= less;
      return width - less;
    })
    .reverse();
}
