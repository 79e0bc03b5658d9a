import { globSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * Whether a made file is missing, or older than any of what it is made from. Folders count as well
 * as files: removing or renaming a file leaves its mark on the folder only.
 */
export function isStale(root: string, made: string, sources: readonly string[]): boolean {
  const madeAt = statSync(join(root, made), { throwIfNoEntry: false })?.mtimeMs;
  if (madeAt === undefined) return true;
  const patterns = sources.flatMap((source) => [source, `${source}/**`]);
  return globSync(patterns, { cwd: root }).some((path) =>
    statSync(join(root, path)).mtimeMs > madeAt
  );
}
