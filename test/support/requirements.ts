import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import type { Callback, Test } from "uvu";

/** What no search of PATH can tell. Every other requirement is the name of a tool. */
const ABILITIES: Readonly<Record<string, () => boolean>> = {
  linux: () => process.platform === "linux",
  root: () => process.getuid?.() === 0,
  /** Mount namespaces with file systems of one's own, which many containers forbid. */
  mount: () => succeeds("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"),
  /** File systems in files, for which many containers have no devices. */
  loop: () => succeeds("unshare", "--mount", "sh", "-ec", MOUNT_FILE),
  /** systemd's journal, which can be run by itself. */
  journald: () => existsSync(JOURNALD),
  /** strace is there and may trace, which some containers forbid. */
  strace: () => succeeds("strace", "-o", "/dev/null", "true"),
};

export const JOURNALD = "/usr/lib/systemd/systemd-journald";

const MOUNT_FILE = `
PATH="$PATH:/usr/sbin:/sbin"
mount -t tmpfs tmpfs /mnt
truncate -s 8m /mnt/image
mkfs.ext4 -q /mnt/image
mount -o loop /mnt/image /mnt`;

/** Where tools for administrators are, whether or not the user's PATH has them. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The full path of a tool, searched in PATH and the system folders. */
export function findTool(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...folders, ...SYSTEM_FOLDERS].map((folder) => join(folder, name)).find(isExecutable);
}

/** Those requirements that this machine does not meet. */
export function missing(...requirements: readonly string[]): string[] {
  return requirements.filter((name) => {
    const ability = ABILITIES[name];
    return ability === undefined ? findTool(name) === undefined : !ability();
  });
}

/**
 * The same test function where the requirements are met; elsewhere one that skips, and tells the
 * runner why:
 *
 *     const test = suite("keytool");
 *     const javaTest = requiring(test, "keytool", "root");
 *     javaTest("reads what we write", () => { … });
 */
export function requiring<T>(
  test: Test<T>,
  ...requirements: readonly string[]
): (name: string, run: Callback<T>) => void {
  const lacking = missing(...requirements);
  if (lacking.length === 0) return test;
  return (name) => {
    test.skip(name);
    // On a line of its own: uvu leaves the cursor anywhere.
    console.log(`\n# skip: needs ${lacking.join(", ")}`);
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function succeeds(name: string, ...args: readonly string[]): boolean {
  const tool = findTool(name);
  return tool !== undefined && spawnSync(tool, args, { stdio: "ignore" }).status === 0;
}
