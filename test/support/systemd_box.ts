import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Box, openBox } from "./box.ts";

export interface SystemdBoxOptions {
  /** "/" for the host's systemd, or of `debianRoot`, for another's. */
  readonly root: string;
  /** A folder of the test's own system, and where in the box it is. */
  readonly shown?: { readonly folder: string; readonly at: string };
}

/** What a systemd box needs, beside its root; for `requiring`. */
export const SYSTEMD_BOX_NEEDS = ["linux", "root", "mount", "systemctl"] as const;

/**
 * Keeps a systemd until its own standard input ends, and then halts it. A kernel without the second
 * hierarchy of control groups at its usual place has it in a folder there.
 */
const KEEP = `
group=$1
shift
mkdir "$group"
sh -ec 'echo $$ >"$0/cgroup.procs"
  exec unshare --mount --pid --cgroup --uts --ipc --net --fork --kill-child sh -ec "$@"' \
  "$group" "$@" </dev/null >&2 &
unshare=$!
echo $unshare
cat >/dev/null || :
first=$(cat /proc/$unshare/task/$unshare/children 2>/dev/null || :)
test -z "$first" || kill -s RTMIN+3 $first || :
tries=0
while kill -0 $unshare 2>/dev/null && test $tries -lt 100; do tries=$((tries + 1)); sleep 0.05; done
kill -KILL $unshare 2>/dev/null || :
wait
# What has been killed may take a moment to be gone.
tries=0
while test -e "$group" && test $tries -lt 100; do
  find "$group" -depth -type d -exec rmdir {} ';' 2>/dev/null || sleep 0.05
  tries=$((tries + 1))
done
`;

const BOOT = `
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$1,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
cd /mnt/root
: >etc/machine-id
# Nothing is started that happens to be installed.
rm -rf etc/systemd/system/*.wants etc/systemd/system/default.target
ln -s /lib/systemd/system/multi-user.target etc/systemd/system/default.target
ln -sf /dev/null etc/systemd/system/systemd-modules-load.service
mount -t proc proc proc
# A systemd that boots sets what the kernel has only once, for everybody.
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
  numbers=\${node#*:}
  mknod -m 666 dev/\${node%%:*} c \${numbers%:*} \${numbers#*:}
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
test -z "$2" || { mkdir -p ".$3" && mount --bind "$2" ".$3"; }
pivot_root . mnt
umount --lazy mnt
mount --make-rshared /
exec env --ignore-environment container=box "PATH=$PATH" /lib/systemd/systemd --show-status=no
`;

const CONTROL_GROUPS = "/sys/fs/cgroup";

/**
 * Boots a systemd as the first process of its own namespaces, without a network. There are control
 * groups, but no controllers: limits of memory and tasks do not bite.
 */
export function bootSystemd({ root, shown }: SystemdBoxOptions): Promise<Box> {
  const unified = join(CONTROL_GROUPS, "unified");
  const hierarchy = existsSync(unified) ? unified : CONTROL_GROUPS;
  const group = join(hierarchy, `apikey-${randomUUID()}`);
  const show = [shown?.folder ?? "", shown?.at ?? ""];
  return openBox(["sh", "-ec", KEEP, "sh", group, BOOT, "sh", root, ...show], hasBooted);
}

async function hasBooted(box: Box): Promise<boolean> {
  // Before that it is a shell, and its systemd is the host's.
  if (readFileSync(`/proc/${box.pid}/comm`, "utf8") !== "systemd\n") return false;
  const { stdout } = await box.run(["systemctl", "is-system-running"]);
  return /^(running|degraded)$/m.test(stdout);
}
