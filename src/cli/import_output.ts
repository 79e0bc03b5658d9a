import { printable } from "../model/printable.ts";
import { countedOthers } from "./counted.ts";
import type { ImportOutcome } from "../protocol/import.ts";
import type { CommandContext } from "./command.ts";
import type { Collected, ImportSource } from "./import_source.ts";
import type { ImportOutput } from "./output_schemas.ts";

const NOT_ALL_STATUS = 1;

export function hasChanges({ keys }: Collected): boolean {
  return keys.some(isNew);
}

export function isNew({ outcome }: { readonly outcome: ImportOutcome }): boolean {
  return outcome === "created" || outcome === "replaced";
}

export function outputOf(
  source: ImportSource,
  collected: Collected,
  dryRun: boolean,
): ImportOutput {
  const { keys, otherEntries, partial } = collected;
  const count = (wanted: ImportOutcome) => keys.filter(({ outcome }) => outcome === wanted).length;
  return {
    changed: hasChanges(collected),
    dryRun,
    source: source.kind,
    summary: {
      created: count("created"),
      replaced: count("replaced"),
      unchanged: count("unchanged"),
      skipped: count("skipped"),
      unreadable: count("unreadable"),
      invalidAlias: count("invalid-alias"),
      otherEntries,
    },
    partial,
    keys,
  };
}

export function describe({ dryRun, summary }: ImportOutput): string {
  const { created, replaced, unchanged, skipped, otherEntries } = summary;
  const what = dryRun ? "Would import" : "Imported";
  const counts = [
    `${unchanged} there already`,
    ...(skipped === 0
      ? []
      : [`${skipped} skipped, as the alias has another key here or the key another alias`]),
  ];
  const total = created + replaced;
  const keys = `${total} API key${total === 1 ? "" : "s"}${inPlace(replaced, total)}`;
  const line = `${what} ${keys}; ${counts.join(", ")}.\n`;
  if (otherEntries === 0) return line;
  const others = countedOthers(otherEntries);
  return `${line}Left where they are, as only API keys are imported: ${others}.\n`;
}

function inPlace(replaced: number, total: number): string {
  if (replaced === 0) return "";
  const which = replaced === total ? "" : `${replaced} of them `;
  return `, ${which}in place of ${replaced === 1 ? "another" : "others"}`;
}

const MAX_TOLD = 100;

/** Says what was left out. @returns the exit status */
export function complainOf({ keys, partial }: ImportOutput, { complain }: CommandContext): number {
  if (partial) {
    complain(
      "apikey: part of it is encrypted in a way that is not supported, and was not looked into",
    );
  }
  const left = keys.filter(({ outcome }) => REASONS[outcome] !== undefined);
  for (const { alias, outcome } of left.slice(0, MAX_TOLD)) {
    complain(`apikey: '${printable(alias)}' ${REASONS[outcome]}`);
  }
  if (left.length > MAX_TOLD) {
    complain(`apikey: and ${left.length - MAX_TOLD} more that have not been imported`);
  }
  return left.length === 0 && !partial ? 0 : NOT_ALL_STATUS;
}

const REASONS: Readonly<Partial<Record<ImportOutcome, string>>> = {
  unreadable: "cannot be opened, and has not been imported",
  "invalid-alias": "is no alias that a key can have here, and has not been imported",
};
