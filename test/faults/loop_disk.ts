import { join } from "node:path";
import * as assert from "uvu/assert";
import { execute } from "../support/execute.ts";
import { mountNamespace } from "../support/mount_namespace.ts";

/** A disk of its own under an ext4 file system, whose medium may run out and whose power may fail. */
export interface LoopDisk extends AsyncDisposable {
  /** Where it is mounted, as programs see it that {@link enter}. */
  readonly folder: string;
  /** The same, as the test sees it. */
  readonly outside: string;
  enter(argv: readonly string[]): string[];
  /** Runs a shell script that sees `$disk`, `$image` and the `$backing` that the image is in. */
  do(script: string): Promise<void>;
  /** Keeps what is on the disk, for {@link restore}. */
  keep(): Promise<void>;
  restore(): Promise<void>;
  /** Cuts the power: what the kernel has not written to the medium by now will be gone. */
  cut(): Promise<void>;
  /** Mounts what was left by {@link cut}, once nothing is open any more on what is gone. */
  recover(): Promise<void>;
}

/**
 * Nothing is written that nobody asks for: neither every five seconds, nor data before the metadata
 * that names it, nor a new file because it is about to replace another. So what was not synced is
 * lost.
 */
const MOUNT = "mount -o loop,commit=300,data=writeback,noauto_da_alloc";

const SET_UP = `
mount -t tmpfs -o size=48m tmpfs "$backing"
mkdir "$disk"
truncate -s 12m "$image"
mkfs.ext4 -q -E nodiscard,lazy_itable_init=0 -J size=1 "$image"
${MOUNT} "$image" "$disk"`;

/** @param backing an empty folder */
export async function loopDisk(backing: string): Promise<LoopDisk> {
  const variables = 'backing=$1 disk=$1/disk image=$1/image PATH="$PATH:/usr/sbin:/sbin"';
  const host = await mountNamespace(`${variables}${SET_UP}`, backing);
  const run = async (script: string) => {
    const argv = ["sh", "-ec", `${variables}\n${script}`, "sh", backing];
    const { status, stderr } = await execute(host.enter(argv));
    assert.is(status, 0, `${script}: ${stderr}`);
  };
  const folder = join(backing, "disk");
  return {
    folder,
    outside: host.outside(folder),
    enter: (argv) => host.enter(argv),
    do: run,
    keep: () => run(`umount "$disk"; cp "$image" "$image.kept"; ${MOUNT} "$image" "$disk"`),
    restore: () => run(`umount "$disk"; cp "$image.kept" "$image"; ${MOUNT} "$image" "$disk"`),
    // To unmount is to write the rest, which the copy is without.
    cut: () => run('cp "$image" "$image.cut"'),
    recover: () => run(`umount "$disk"; cp "$image.cut" "$image"; ${MOUNT} "$image" "$disk"`),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}
