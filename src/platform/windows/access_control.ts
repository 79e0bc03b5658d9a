import type { AccessEntry, SecurityDescriptor } from "./security_descriptor.ts";
import { isPrivileged, SID } from "./sid.ts";

/** Everybody, or nearly. */
const CROWDS: readonly string[] = [
  SID.unknown,
  SID.everyone,
  /* anonymous */ "S-1-5-7",
  /* whoever has logged on: remotely, here, at all */ "S-1-5-2",
  "S-1-5-4",
  "S-1-5-11",
  /* users, guests */ "S-1-5-32-545",
  "S-1-5-32-546",
];

/** These stand for the owner, or for nobody but in what is created in a folder. */
const OWNERS: readonly string[] = [SID.creatorOwner, SID.ownerRights];

const GENERIC_ALL = 0x1000_0000;
/** FILE_READ_DATA, and what includes it. */
const READING = 0x8000_0000 | GENERIC_ALL | 0x1;
/** DELETE, WRITE_DAC, WRITE_OWNER, FILE_DELETE_CHILD, and what includes them: what is there can go. */
const REPLACING = GENERIC_ALL | 0x1_0000 | 0x4_0000 | 0x8_0000 | 0x40;
/** FILE_WRITE_DATA, which in a folder adds files, too. */
const WRITING = REPLACING | 0x4000_0000 | 0x2;

const STICKY = 0o1000;

/**
 * As permission bits: what the owner may do, who is let in one by one as the group, and everybody. What
 * administrators and the system may do is not asked, as with root. A folder in which others can make
 * files and not touch those of others, as Windows has them, is sticky.
 */
export function modeOf({ owner, entries }: SecurityDescriptor): number {
  if (entries === undefined) return 0o666;
  const others = entries.filter((entry) => isOfOthers(entry, owner));
  const bits = others.map(({ sid, mask }) => {
    const shift = CROWDS.includes(sid) ? 0 : 3;
    return bitOf(mask, READING, 0o4 << shift) | bitOf(mask, WRITING, 0o2 << shift);
  });
  const canWrite = others.some(({ mask }) => (mask & WRITING) !== 0);
  const canReplace = others.some(({ mask }) => (mask & REPLACING) !== 0);
  return bits.reduce((mode, more) => mode | more, canWrite && !canReplace ? 0o600 | STICKY : 0o600);
}

function bitOf(mask: number, rights: number, bit: number): number {
  return (mask & rights) === 0 ? 0 : bit;
}

function isOfOthers({ isAllowed, isForChildrenOnly, sid }: AccessEntry, owner: string): boolean {
  if (!isAllowed || isForChildrenOnly) return false;
  return sid !== owner && !isPrivileged(sid) && !OWNERS.includes(sid);
}

/**
 * For administrators and the system, and for an ordinary user's own objects himself; nobody else, and
 * nothing from the folder.
 *
 * @param inherits whether what is created in it gets the same
 */
export function privateSddl(
  user: string | undefined,
  { inherits, like }: {
    readonly inherits?: boolean;
    readonly like?: SecurityDescriptor | undefined;
  } = {},
): string {
  const trustees = ["BA", "SY", ...(user === undefined ? [] : [user])];
  const own = trustees.map((sid) => `(A;${inherits ? "OICI" : ""};GA;;;${sid})`);
  return `O:${user ?? "BA"}D:P${[...keptEntries(like), ...own].join("")}`;
}

/** Who else has been let in, or kept out. Denials come first in a list. */
function keptEntries(like: SecurityDescriptor | undefined): string[] {
  if (like?.entries === undefined) return [];
  const { owner } = like;
  const denied = like.entries.filter(({ isAllowed, sid }) => !isAllowed && sid !== SID.unknown);
  const allowed = like.entries.filter((entry) => {
    return entry.sid !== SID.unknown && isOfOthers(entry, owner);
  });
  return [...denied, ...allowed].map(({ isAllowed, mask, sid }) => {
    return `(${isAllowed ? "A" : "D"};;0x${mask.toString(16)};;;${sid})`;
  });
}
