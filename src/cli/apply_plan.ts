import { AppError } from "../errors.ts";
import { lookupAlias, parseAlias } from "../model/alias.ts";
import { printable } from "../model/printable.ts";
import type { Key, KeyRevision, NewKey } from "../protocol/keys.ts";
import type { DeclaredKey } from "./declaration.ts";
import { declaredExpiry, isPast, isStoredAs } from "./declared_expiry.ts";
import { changesOfNew, changesTo, type FieldChange, naming, newMetadata } from "./field_changes.ts";
import type { KeyFileState } from "./key_files.ts";

export type PlannedAction =
  | {
    readonly action: "create";
    readonly alias: string;
    readonly newKey: NewKey;
    readonly disabled: boolean;
    /** What it will be that is not what a key is by itself. */
    readonly changes: readonly FieldChange[];
    readonly outputFile: string | undefined;
  }
  | {
    readonly action: "change";
    readonly alias: string;
    readonly revision: KeyRevision;
    readonly changes: readonly FieldChange[];
  }
  /** A new key in the place of one that never got into its file. */
  | {
    readonly action: "replace";
    readonly alias: string;
    readonly revision: KeyRevision;
    readonly changes: readonly FieldChange[];
    readonly outputFile: string;
    /** A disabled key has to be enabled for it, and disabled again. */
    readonly disabled: boolean;
  }
  | {
    readonly action: "revoke";
    readonly alias: string;
    /** Whether it is declared to be absent, or not named at all. */
    readonly reason: "absent" | "unnamed";
  };

export interface Plan {
  /** As declared, and then those that are not named, in keystore order. */
  readonly actions: readonly PlannedAction[];
  /** How many are as declared. */
  readonly unchanged: number;
  /** The aliases of those that would have expired if they were made, and so are not. */
  readonly expired: readonly string[];
  /** How many are not named. */
  readonly unnamed: number;
  /** The aliases of those among them that no request can name, and so stay in any case. */
  readonly unnameable: readonly string[];
}

export interface PlanOptions {
  /** Whether to revoke those that are not named. */
  readonly prune: boolean;
  readonly nowMs: number;
  /** Where a key goes when it is made; undefined for standard output. */
  readonly outputFileOf: (declared: DeclaredKey, alias: string) => string | undefined;
  readonly stateOfFile: (path: string) => KeyFileState;
  /** @throws AppError ERR_FILE where no file can be made */
  readonly assertCanHold: (path: string) => void;
}

/**
 * What has to be done for keys to be as declared. All that can be refused is refused here, before
 * anything is done.
 *
 * @throws AppError with the code of the first thing that is wrong, counting the others
 */
export function computePlan(
  declared: readonly DeclaredKey[],
  actual: readonly Key[],
  options: PlanOptions,
): Plan {
  const existing = new Map(actual.map((key) => [key.alias, key]));
  const named = new Set<string>();
  const files = new Map<string, string>();
  const actions: PlannedAction[] = [];
  const expired: string[] = [];
  const problems: AppError[] = [];
  for (const [index, key] of declared.entries()) {
    const alias = lookupAlias(key.alias);
    try {
      if (named.has(alias)) throw refused(alias, "it is declared more than once");
      named.add(alias);
      const action = planKey({ ...key, alias }, existing.get(alias), options);
      if (action === "expired") expired.push(alias);
      if (action === undefined || action === "expired") continue;
      assertOwnFile(action, files);
      actions.push(action);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      problems.push(located(error, alias, index));
    }
  }
  throwFirst(problems);
  // One that another has taken the place of goes with that.
  const unnamed = actual.filter(({ alias, replacedBy }) =>
    replacedBy === null && !named.has(alias)
  );
  const unchanged = named.size - actions.length - expired.length;
  const unnameable = unnamed.map(({ alias }) => alias).filter((alias) => !isNameable(alias));
  for (const { alias } of options.prune ? unnamed : []) {
    if (isNameable(alias)) actions.push({ action: "revoke", alias, reason: "unnamed" });
  }
  return { actions, unchanged, expired, unnamed: unnamed.length, unnameable };
}

function planKey(
  declared: DeclaredKey,
  actual: Key | undefined,
  options: PlanOptions,
): PlannedAction | "expired" | undefined {
  const { alias, state = "present" } = declared;
  if (state === "absent") return actual && planRevocation(alias);
  if (actual === undefined) return planCreation(declared, options);
  if (actual.replacedBy !== null) {
    const owner = printable(actual.replacedBy);
    throw refused(alias, `it is a key that '${owner}' had before: declare that one`);
  }
  assertExpiryStays(declared, actual);
  const { revision, changes } = changesTo(declared, actual);
  const outputFile = unfinishedFile(declared, actual, options);
  if (outputFile !== undefined) {
    const disabled = declared.disabled ?? actual.disabled;
    return { action: "replace", alias, revision, changes, outputFile, disabled };
  }
  return changes.length === 0 ? undefined : { action: "change", alias, revision, changes };
}

function planCreation(
  declared: DeclaredKey,
  options: PlanOptions,
): PlannedAction | "expired" {
  const { disabled = false } = declared;
  const alias = parseAlias(declared.alias);
  const metadata = newMetadata({ ...declared, alias });
  const expiry = declaredExpiry(declared);
  // As `export` declares keys that were over by then.
  if (expiry && isPast(alias, expiry, options.nowMs)) return "expired";
  const outputFile = options.outputFileOf(declared, alias);
  if (outputFile !== undefined) {
    const state = options.stateOfFile(outputFile);
    const path = printable(outputFile);
    if (state === "reserved") throw refused(alias, `${path} ${RESERVED}`);
    if (state === "folder") throw refused(alias, `${path} is a folder: name a file in it`);
    if (state === "other") {
      throw refused(alias, `${path} exists already: remove it, or name another outputFile`);
    }
    options.assertCanHold(outputFile);
  }
  const newKey = { alias, ...metadata, ...expiry };
  const changes = changesOfNew(newKey, disabled);
  return { action: "create", alias, newKey, disabled, changes, outputFile };
}

const RESERVED = "was made just now, and has no key yet: another run may be at it; apply later";

/** Whoever was killed between making a key and writing it has left a file without a key. */
function unfinishedFile(
  declared: DeclaredKey,
  { alias, expired }: Key,
  { outputFileOf, stateOfFile, assertCanHold }: PlanOptions,
): string | undefined {
  const path = outputFileOf(declared, alias);
  // Nobody misses a key that is over.
  if (path === undefined || expired) return undefined;
  const state = stateOfFile(path);
  if (state === "reserved") throw refused(alias, `${printable(path)} ${RESERVED}`);
  if (state !== "unfinished") return undefined;
  assertCanHold(path);
  return path;
}

function assertExpiryStays(declared: DeclaredKey, actual: Key): void {
  const expiry = declaredExpiry(declared);
  if (expiry === undefined || !actual.readable || isStoredAs(expiry, actual)) return;
  const is = actual.expiresOn === null ? "never" : `on ${printable(actual.expiresOn)}`;
  const text = `it expires ${is}, and only a new key can have another expiry: apikey rotate ` +
    printable(actual.alias);
  throw refused(actual.alias, text);
}

function assertOwnFile(action: PlannedAction, files: Map<string, string>): void {
  const path = "outputFile" in action ? action.outputFile : undefined;
  if (path === undefined) return;
  const other = files.get(path);
  files.set(path, action.alias);
  if (other === undefined) return;
  throw refused(action.alias, `its outputFile is that of '${printable(other)}' as well`);
}

function planRevocation(alias: string): PlannedAction {
  if (isNameable(alias)) return { action: "revoke", alias, reason: "absent" };
  throw refused(alias, "no request can name it");
}

/** Other programs have such aliases, too. */
function isNameable(alias: string): boolean {
  return !["", ".", ".."].includes(alias);
}

/** Whom it is about, where that does not say so. */
function located(error: AppError, alias: string, index: number): AppError {
  const { code, message } = error;
  if (code === "ERR_FILE") return new AppError(code, naming(alias, message), { cause: error });
  if (code !== "ERR_INVALID_ALIAS") return error;
  return new AppError(code, `keys[${index}]: ${message}`, { cause: error });
}

function throwFirst([first, ...others]: readonly AppError[]): void {
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const count = others.length === 1 ? "1 more problem" : `${others.length} more problems`;
  const text = `${first.message} (and ${count})`;
  throw new AppError(first.code, text, { cause: first });
}

function refused(alias: string, text: string): AppError {
  return new AppError("ERR_PLAN_REFUSED", naming(alias, text));
}
