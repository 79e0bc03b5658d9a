import { printable } from "../model/printable.ts";
import type { Applied } from "./application.ts";
import type { Plan, PlannedAction } from "./apply_plan.ts";
import type { Outcome } from "./carry_out.ts";
import type { FieldChange } from "./field_changes.ts";
import type { ActionOutput, ApplyOutput } from "./output_schemas.ts";

export interface Result {
  readonly dryRun: boolean;
  readonly outcomes: readonly (Outcome<Applied> | undefined)[];
  /** The aliases of which it is not known whether what was to be done has been. */
  readonly unknown: ReadonlySet<string>;
}

export function outputOf(plan: Plan, result: Result): ApplyOutput {
  const { actions, unchanged, expired, unnamed } = plan;
  const { dryRun, outcomes, unknown } = result;
  const changed = dryRun
    ? actions.length > 0
    : unknown.size > 0 || outcomes.some((outcome) => outcome?.status === "done");
  return {
    changed,
    dryRun,
    summary: { ...countActions(actions), unchanged, expired: expired.length, unnamed },
    actions: actions.map((action, index) => presentAction(action, result, outcomes[index])),
  };
}

function presentAction(
  action: PlannedAction,
  { dryRun, unknown }: Result,
  outcome: Outcome<Applied> | undefined,
): ActionOutput {
  const created = outcome?.status === "done" ? outcome.result.created : undefined;
  const status = unknown.has(action.alias) ? "unknown" : outcome?.status ?? "not-begun";
  const outputFile = "outputFile" in action ? action.outputFile : undefined;
  return {
    action: action.action,
    alias: action.alias,
    status: dryRun ? "planned" : status,
    ...("changes" in action ? { changes: [...action.changes] } : {}),
    ...("reason" in action ? { reason: action.reason } : {}),
    ...(outputFile === undefined ? {} : { outputFile }),
    ...(created === undefined ? {} : { key: created.key }),
  };
}

function countActions(actions: readonly PlannedAction[]) {
  const counts = { create: 0, change: 0, replace: 0, revoke: 0 };
  for (const { action } of actions) counts[action]++;
  return counts;
}

/** For people, one line for each action and one that sums them up. */
export function describePlan(plan: Plan, isPruning: boolean): string {
  const { actions, unchanged } = plan;
  const unnamed = plan.unnamed - (isPruning ? plan.unnameable.length : 0);
  const lines = actions.map(describeAction);
  const { create, change, replace, revoke } = countActions(actions);
  const replaced = replace === 0 ? "" : `${replace} to replace, `;
  lines.push(
    actions.length === 0
      ? `Nothing to do: ${unchanged === 1 ? "1 key is" : `${unchanged} keys are`} as declared.`
      : `Plan: ${create} to create, ${change} to change, ${replaced}${revoke} to revoke, ` +
        `${unchanged} unchanged.`,
  );
  if (unnamed > 0 && isPruning) {
    lines.push(
      `${unnamed === 1 ? "1 key is" : `${unnamed} keys are`} not named, and to be revoked.`,
    );
  } else if (unnamed > 0) {
    const what = unnamed === 1 ? "1 key that is not named stays" : `${unnamed} keys that are not ` +
      "named stay";
    lines.push(`${what}; --prune would revoke ${unnamed === 1 ? "it" : "them"}.`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

const MAX_TOLD = 100;

/** What is left out, one line each, for standard error. */
export function* describeLeftOut({ expired, unnameable }: Plan, isPruning: boolean) {
  const lines = [
    ...expired.map((alias) => `'${printable(alias)}' has expired as declared, and is not made`),
    ...(isPruning ? unnameable : []).map((alias) =>
      `'${printable(alias)}' stays, as no request can name it`
    ),
  ];
  for (const line of lines.slice(0, MAX_TOLD)) yield `apikey: ${line}`;
  if (lines.length > MAX_TOLD) yield `apikey: and ${lines.length - MAX_TOLD} more left out`;
}

function describeAction(action: PlannedAction): string {
  const alias = printable(action.alias);
  switch (action.action) {
    case "create": {
      const place = action.outputFile === undefined
        ? ""
        : ` (into ${printable(action.outputFile)})`;
      const what = action.changes.map(describeNew).join("; ");
      return `+ create ${alias}${what && `: ${what}`}${place}`;
    }
    case "change":
      return `~ change ${alias}: ${action.changes.map(describeChange).join("; ")}`;
    case "replace": {
      const changes = action.changes.map((change) => `; ${describeChange(change)}`).join("");
      return `~ replace the key of ${alias}, which never got into ` +
        `${printable(action.outputFile)}${changes}`;
    }
    case "revoke":
      return `- revoke ${alias}${action.reason === "unnamed" ? " (not named)" : ""}`;
  }
}

function describeNew({ field, to }: FieldChange): string {
  if (field === "disabled") return field;
  // A time is no text that somebody has thought of.
  const isTime = field === "expiresAt" || field === "expiresOn";
  return isTime ? `expires ${printable(String(to))}` : `${field} ${describeValue(to)}`;
}

function describeChange({ field, from, to }: FieldChange): string {
  return `${field} ${describeValue(from)} -> ${describeValue(to)}`;
}

function describeValue(value: FieldChange["from"]): string {
  if (Array.isArray(value)) return value.length === 0 ? "(any)" : printable(value.join(" "));
  if (typeof value === "string") return `"${printable(value)}"`;
  return value === null ? "(none)" : String(value);
}

/** What has been done, as the commands for single keys say it. */
export function describeResult({ action, created }: Applied): string {
  const alias = printable(action.alias);
  switch (action.action) {
    case "create":
      return created === undefined
        ? `API key created for alias '${alias}', in ${printable(action.outputFile ?? "")}\n`
        : `API key created for alias '${alias}': ${printable(created.key)}\n`;
    case "change":
      return `API key '${alias}' has been changed.\n`;
    case "replace":
      return `API key replaced for alias '${alias}', in ${printable(action.outputFile)}\n`;
    case "revoke":
      return `API key '${alias}' has been revoked.\n`;
  }
}
