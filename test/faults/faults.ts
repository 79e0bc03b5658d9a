import { type FileCall, isRandom } from "./calls.ts";

/** One thing that goes wrong, once: a system call that fails, or before which its program dies. */
export interface Fault {
  readonly call: FileCall;
  /** An errno's name, or SIGKILL. */
  readonly effect: string;
  /** Whether the new keystore is in its place by then, though the folder may not be synced. */
  readonly isReplaced: boolean;
  /** Whether nothing that was done about it can make the change a success. */
  readonly isFatal: boolean;
}

/** What a call may fail with; the first row that matches its text counts. */
const ERRORS: readonly (readonly [call: RegExp, errors: readonly string[]])[] = [
  [/^open.*O_CREAT/, ["EIO", "ENOSPC", "EDQUOT", "EROFS", "EMFILE"]],
  [/^open/, ["EIO", "EMFILE", "ESTALE"]],
  // The second: a file system that has found itself damaged.
  [/^p?read/, ["EIO", "EUCLEAN"]],
  [/^(p?write|ftruncate|fallocate)/, ["EIO", "ENOSPC", "EDQUOT"]],
  [/^f(data)?sync/, ["EIO", "ENOSPC", "EDQUOT", "EROFS"]],
  [/^(rename|mkdir|symlink)/, ["EIO", "ENOSPC", "EDQUOT", "EROFS"]],
  // The last two: too many links, and a file system that has none.
  [/^link/, ["EIO", "ENOSPC", "EDQUOT", "EROFS", "EMLINK", "EPERM"]],
  [/^(unlink|rmdir)/, ["EIO", "EROFS"]],
  [/^[fl]?ch(own|mod)/, ["EIO", "EDQUOT", "EROFS", "EPERM"]],
  [/^flock/, ["EIO", "ENOLCK"]],
  // A file system on another host may say only then what it could not write.
  [/^close/, ["EIO", "ENOSPC", "EDQUOT"]],
  [/./, ["EIO"]],
];

/** What changes nothing: to be killed before it is to be killed before what comes next. */
const LOOKING = /^(statx|new\w*stat\w*|[fl]?stat|getdents|p?read|readlink|access|faccessat)/;

/** Those of a change whose record is written as that of any other change, which has been tried. */
export function withoutRecord(faults: readonly Fault[]): Fault[] {
  return faults.filter(({ call }) => !isAuditFile(call.file));
}

/** Every call in each of the ways in which it may go wrong. */
export function everyFault(calls: readonly FileCall[], keystoreName: string): Fault[] {
  const isReplacement = ({ name, file }: FileCall) =>
    name.startsWith("rename") && (file === keystoreName || file.endsWith(`/${keystoreName}`));
  const replacedLine = calls.findLast(isReplacement)?.endLine ?? Infinity;
  return calls.flatMap((call) => {
    const isReplaced = call.startLine > replacedLine;
    const known = ERRORS.find(([pattern]) => pattern.test(call.text))?.[1] ?? [];
    const errors = isAuditFile(call.file) ? errorsOfRecord(call, known) : known;
    const effects = LOOKING.test(call.name) ? errors : [...errors, "SIGKILL"];
    return effects.map((effect) => ({ call, effect, isReplaced, isFatal: isFatal(call) }));
  });
}

/**
 * A part of all faults: every call that changes something fails once and is the last once, of those
 * that change nothing the first and the last of a name on a file fail; calls of each kind in each of
 * their ways.
 */
export function representative(faults: readonly Fault[]): Fault[] {
  const struck = faults.filter((fault) => !isKill(fault) || !changesNothing(fault));
  const [kills, errors] = [struck.filter(isKill), struck.filter((fault) => !isKill(fault))];
  const some = [...Map.groupBy(errors, kindOf).values()].flatMap((ofKind) => {
    const perCall = outermost([...Map.groupBy(ofKind, ({ call }) => call).values()]);
    return perCall.flatMap((ofCall, i) => {
      const isLast = i === perCall.length - 1;
      return ofCall.filter((_, way) => way === i % ofCall.length || (isLast && way > i));
    });
  });
  return [...some, ...kills];
}

/** Of the calls that change nothing the first and the last of a name on a file, and all others. */
function outermost(perCall: readonly (readonly Fault[])[]): readonly (readonly Fault[])[] {
  const alike = Map.groupBy(perCall, ([fault]) => {
    return fault === undefined || !changesNothing(fault) ? fault : nameOf(fault);
  });
  return [...alike.values()].flatMap((calls) =>
    calls.length > 2 ? [calls[0]!, calls.at(-1)!] : calls
  );
}

function nameOf({ call }: Fault): string {
  return `${call.name} ${call.file}`;
}

function changesNothing({ call }: Fault): boolean {
  return LOOKING.test(call.name) || /^close/.test(call.name) ||
    (/^open/.test(call.name) && !/O_(CREAT|TRUNC)/.test(call.text));
}

/** What may fail in the same ways and is to be told in the same way. */
function kindOf({ call, isReplaced, isFatal }: Fault): string {
  const row = ERRORS.findIndex(([pattern]) => pattern.test(call.text));
  return `${row} ${isAuditFile(call.file)} ${isReplaced} ${isFatal}`;
}

/** The writing of what is going to be in place of another file, to its end on the disk. */
function isFatal({ name, files }: FileCall): boolean {
  if (/^f(data)?sync/.test(name)) return true;
  return /^(p?write|rename)/.test(name) && files.some(isRandom);
}

/**
 * Why a record cannot be written makes no difference, nor at which of the many calls that look at what
 * is there.
 */
function errorsOfRecord({ name }: FileCall, errors: readonly string[]): readonly string[] {
  return LOOKING.test(name) ? [] : errors.slice(-1);
}

function isAuditFile(file: string): boolean {
  return /\.audit\.jsonl(\.head)?$/.test(file);
}

export function isKill({ effect }: Fault): boolean {
  return effect === "SIGKILL";
}

export function describeFault({ call, effect }: Fault): string {
  return `${call.name} ${call.ordinal} of ${call.file || "the folder"}: ${effect}`;
}

/** For the end of a test: how much went wrong. */
export function countFaults(faults: readonly Fault[]): { faults: number; kills: number } {
  const kills = faults.filter(isKill).length;
  return { faults: faults.length - kills, kills };
}
