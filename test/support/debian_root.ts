import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { SYSTEM_PATH } from "./box.ts";

export interface DebianRootOptions {
  readonly suite: "bookworm" | "trixie";
  /** On top of those that every Debian has; each set of them is another root. */
  readonly packages: readonly string[];
}

/** What makes one; for `requiring`. */
export const DEBIAN_ROOT_NEEDS = ["linux", "root", "mmdebstrap", "mount"] as const;

const CACHE = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "apikey-debian");

/*
 * A root without further packages is made by mmdebstrap, in half of debootstrap's time, all others
 * by copying that one. Two test files may want the same root: the lock is held by the shell, whatever
 * becomes of the test, and a root gets its name once it is whole.
 */
const MAKE = `
root=$1 base=$2 suite=$3
shift 3
test ! -e "$root" || exit 0
rm -rf "$root.part"
if test "$root" = "$base"; then
  mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io "$suite" "$root.part"
else
  cp -a "$base" "$root.part"
  cp /etc/resolv.conf "$root.part/etc/resolv.conf"
  mount -t proc proc "$root.part/proc"
  chroot "$root.part" sh -ec '
    apt-get --quiet update
    apt-get --quiet install --yes --no-install-recommends -o Dpkg::Options::=--force-unsafe-io "$@"
    apt-get clean
    rm -rf /var/lib/apt/lists/*' sh "$@"
  umount "$root.part/proc"
fi
mv "$root.part" "$root"
`;

/**
 * The folder of a Debian with few packages, not to be written to: see `openDebian` and `bootSystemd`.
 * Made by the first that asks for it, which takes 5 to 20 seconds, and kept until `npm ci`.
 */
export async function debianRoot({ suite, packages }: DebianRootOptions): Promise<string> {
  const base = join(CACHE, nameOf(suite, []));
  await make(base, base, suite, []);
  const root = join(CACHE, nameOf(suite, packages));
  if (root !== base) await make(root, base, suite, packages);
  return root;
}

/** Another way of making them makes others. */
function nameOf(suite: string, packages: readonly string[]): string {
  const key = JSON.stringify([MAKE, packages.toSorted()]);
  return `${suite}-${createHash("sha256").update(key).digest("hex").slice(0, 16)}`;
}

async function make(
  root: string,
  base: string,
  suite: string,
  packages: readonly string[],
): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const shell = ["unshare", "--mount", "sh", "-ec", MAKE, "sh", root, base, suite, ...packages];
  const env = { PATH: SYSTEM_PATH, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  await promisify(execFile)("flock", [`${root}.lock`, ...shell], { env, maxBuffer: 64 << 20 });
}
