import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { PackagedFile } from "./content.ts";

/**
 * Puts files into a folder as they are to be installed, each with its mode, all with the same time.
 *
 * @param folder stands for the file system's root
 */
export function stage(
  folder: string,
  files: readonly PackagedFile[],
  epochSeconds: number,
): void {
  for (const { path, mode, content } of files) {
    const place = join(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    if (typeof content === "string" || content instanceof Uint8Array) writeFileSync(place, content);
    else copyFileSync(content.copyOf, place);
    chmodSync(place, mode);
  }
  settle(folder, epochSeconds);
}

/** From the leaves up, as writing into a folder gives it another time. */
function settle(folder: string, epochSeconds: number): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) settle(path, epochSeconds);
    else utimesSync(path, epochSeconds, epochSeconds);
  }
  // Whatever the umask of who builds.
  chmodSync(folder, 0o755);
  utimesSync(folder, epochSeconds, epochSeconds);
}
