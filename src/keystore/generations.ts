import { linkSync, renameSync, statSync, unlinkSync } from "node:fs";
import { systemErrorCode } from "../errors.ts";

/** As many as the settings can ask for. */
const MAX_GENERATIONS = 99;

/** An earlier state of a keystore, kept beside it. */
export interface Generation {
  readonly path: string;
  /** When that state was written, in milliseconds since 1970. */
  readonly changedAt: number;
}

/** Generation 1 is the state before the last change. */
export function generationPath(target: string, number: number): string {
  return `${target}.generation-${number}`;
}

/** Those that are there, the newest first. */
export function findGenerations(target: string): Generation[] {
  const found: Generation[] = [];
  for (let number = 1; number <= MAX_GENERATIONS; number++) {
    const path = generationPath(target, number);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined) found.push({ path, changedAt: stats.mtimeMs });
  }
  return found;
}

/**
 * Makes the file that is about to be replaced generation 1, and generation n what was n − 1. A hard
 * link does it: nothing is copied, and owner and mode are the file's own.
 *
 * @param count how many to keep; those beyond are removed
 */
export function keepGeneration(target: string, count: number): void {
  removeGenerations(target, count);
  // A process that was killed between this and its rename has done it already.
  if (count === 0 || isSameFile(target, generationPath(target, 1))) return;
  for (let number = count; number > 1; number--) {
    ifThere(() => renameSync(generationPath(target, number - 1), generationPath(target, number)));
  }
  ifThere(() => linkUnlessUnsupported(target, generationPath(target, 1)));
}

/** Removes all generations but the first `count`. */
export function removeGenerations(target: string, count = 0): void {
  for (let number = count + 1; number <= MAX_GENERATIONS; number++) {
    if (!ifThere(() => unlinkSync(generationPath(target, number)))) return;
  }
}

/**
 * Gives what cannot be opened a second name, for whoever may want to mend it.
 *
 * @returns that name; undefined where there is no file
 */
export function setAside(target: string): string | undefined {
  for (let number = 1;; number++) {
    const path = `${target}.unreadable-${number}`;
    try {
      return ifThere(() => linkSync(target, path)) ? path : undefined;
    } catch (error) {
      if (systemErrorCode(error) !== "EEXIST") throw error;
    }
  }
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) =>
    statSync(path, { throwIfNoEntry: false, bigint: true })
  );
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

/** Some file systems have no hard links, and some systems none to other users' files. */
const UNSUPPORTED = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

function linkUnlessUnsupported(existing: string, path: string): void {
  try {
    linkSync(existing, path);
  } catch (error) {
    // No reason to refuse a change; `keystore check` says that there are no generations.
    if (!UNSUPPORTED.includes(systemErrorCode(error) ?? "")) throw error;
  }
}

/** @returns false where there is no such file */
function ifThere(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw error;
  }
}
