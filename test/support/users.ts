import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

/** Who a program runs as; only root can choose. */
export interface User {
  readonly uid: number;
  /** The uid unless given. */
  readonly gid?: number;
  /** Supplementary groups; none unless given. */
  readonly groups?: readonly number[];
  /** In a user namespace that calls this user root. */
  readonly asMappedRoot?: true;
}

const ROOT = join(import.meta.dirname, "..", "..");

/** Where the project is shown to users who may not enter the folders above it. */
const SHOWN_AT = "/mnt";

/** What runs this test, ready for a script's path. */
export const RUNTIME: readonly string[] = process.versions["deno"] === undefined
  ? [process.execPath, "--disable-warning=ExperimentalWarning"]
  : [process.execPath, "run", "--allow-all"];

/** The command line that runs another one as `user`. */
export function asUser(user: User, argv: readonly string[]): string[] {
  if (othersMayEnter(ROOT)) return [...switchTo(user), ...argv];
  // Below /root, or in a folder of mktemp, nobody else could even load the program under test.
  const show = 'mount --bind "$0" "$1" && shift && exec "$@"';
  return [
    ...["unshare", "--mount", "sh", "-c", show, ROOT, SHOWN_AT],
    ...switchTo(user),
    ...argv.map((word) => word.startsWith(`${ROOT}/`) ? SHOWN_AT + word.slice(ROOT.length) : word),
  ];
}

/** The same where the program can be loaded by everybody. */
export function switchTo({ uid, gid = uid, groups = [], asMappedRoot }: User): string[] {
  return [
    ...["setpriv", `--reuid=${uid}`, `--regid=${gid}`],
    groups.length === 0 ? "--clear-groups" : `--groups=${groups.join(",")}`,
    ...(asMappedRoot ? ["unshare", "--user", "--map-root-user"] : []),
  ];
}

function othersMayEnter(folder: string): boolean {
  if ((statSync(folder).mode & 0o001) === 0) return false;
  return dirname(folder) === folder || othersMayEnter(dirname(folder));
}
