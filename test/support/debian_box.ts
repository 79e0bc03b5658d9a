import { existsSync } from "node:fs";
import { type Box, openBox } from "./box.ts";

export interface DebianBoxOptions {
  /** Of `debianRoot`. */
  readonly root: string;
  /** Whether /proc is mounted; it is unless given. */
  readonly withProc?: boolean;
}

const READY = "/run/box-is-ready";

/** What keeps the namespaces ends with its standard input, and its first process with that. */
const KEEP = `
unshare --mount --pid --fork --kill-child sh -ec "$1" sh "$2" "$3" "$4" </dev/null >&2 &
unshare=$!
echo $unshare
cat >/dev/null || :
kill -KILL $unshare 2>/dev/null || :
wait
`;

const FILL = `
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$1,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
cd /mnt/root
mount -t proc proc proc
pivot_root . mnt
# This needs /proc itself.
umount --lazy /mnt
test "$2" = true || umount /proc
: >"$3"
exec tail --follow /dev/null
`;

/** Opens a Debian in which nothing runs yet, to be changed at will. */
export function openDebian({ root, withProc = true }: DebianBoxOptions): Promise<Box> {
  const keeper = ["sh", "-ec", KEEP, "sh", FILL, root, String(withProc), READY];
  return openBox(keeper, (box) => Promise.resolve(existsSync(box.path(READY))));
}
