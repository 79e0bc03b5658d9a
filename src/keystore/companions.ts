import { lstatSync, readdirSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import { systemErrorCode } from "../errors.ts";
import { isTemporaryName } from "./atomic_file.ts";
import { findGenerations } from "./generations.ts";
import { passwordPath } from "./store_password.ts";
import { targetPath } from "./target_path.ts";

/** A file that is there because a keystore is. */
export interface Companion {
  /** `lock`, `password file`, … */
  readonly name: string;
  readonly path: string;
  readonly stats: Stats;
}

export const PASSWORD_FILE = "password file";
export const GENERATION = "generation";

/**
 * What is beside a keystore, or where its settings say, as far as it is there.
 *
 * @param elsewhere other files that belong to it, by name
 * @throws the system's error, for a folder that cannot be entered
 */
export function findCompanions(
  keystorePath: string,
  elsewhere: readonly (readonly [name: string, path: string])[],
): Companion[] {
  const target = targetPath(keystorePath);
  const known = [
    ["lock", `${target}.lock`],
    [PASSWORD_FILE, passwordPath({ keystorePath: target })],
    ["usage file", `${target.replace(/\.p12$/i, "")}.usage.json`],
    ...findGenerations(target).map(({ path }) => [GENERATION, path] as const),
    ...elsewhere,
  ] as const;
  return known.flatMap(([name, path]) => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ name, path, stats }];
  });
}

/** How long a save may take until what it writes counts as left behind. */
const UNDER_WAY_MS = 60_000;

/**
 * What killed processes have left of files that were to take the place of these, or of the keystore.
 *
 * @param nowMs milliseconds since 1970
 */
export function findLeftovers(paths: readonly string[], nowMs: number): string[] {
  return paths.flatMap((path) => {
    const folder = dirname(path);
    return namesIn(folder).filter((name) => isTemporaryName(name, basename(path)))
      .map((name) => join(folder, name)).filter((left) => isOlder(left, nowMs));
  });
}

function isOlder(path: string, nowMs: number): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && nowMs - stats.mtimeMs > UNDER_WAY_MS;
}

/** @returns none of a folder that is not there, or cannot be listed */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return [];
  }
}
