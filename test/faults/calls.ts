import { readTrace, type SystemCall } from "../support/strace.ts";

/** A system call on a file of the folder that a trace was asked about. */
export interface FileCall extends SystemCall {
  /**
   * The file, relative to the folder, "" being the folder itself; what is random in the name of a
   * temporary file is a `*`. Of a rename's two, the one whose name is the same each time.
   */
  readonly file: string;
  /** All that it names. */
  readonly files: readonly string[];
  /** Which of its thread's calls by this name it is, from 1: how strace counts. */
  readonly index: number;
  /** The same among those that name `file`. */
  readonly ordinal: number;
}

/** Those calls of a trace that name or have open something in a folder, in their order. */
export function fileCalls(log: string, folder: string): FileCall[] {
  const counts = new Map<string, number>();
  const count = (...key: readonly string[]) => {
    const text = key.join("\n");
    counts.set(text, (counts.get(text) ?? 0) + 1);
    return counts.get(text) ?? 0;
  };
  return readTrace(log).flatMap((call) => {
    const index = count(call.thread, call.name);
    const files = filesOf(call, folder);
    const ordinals = new Map(files.map((file) => [file, count(call.thread, call.name, file)]));
    const file = files.findLast((name) => !isRandom(name)) ?? files.at(-1);
    if (file === undefined || call.name === "execve") return [];
    return [{ ...call, file, files, index, ordinal: ordinals.get(file) ?? 0 }];
  });
}

/** Whether a file's name is another one each time. */
export function isRandom(file: string): boolean {
  return file.includes("*");
}

/** As {@link FileCall.file} has it. */
export function withoutRandom(name: string): string {
  return name.replace(/\.[0-9a-f]{16}\.tmp$/, ".*.tmp");
}

/** A call's arguments, or what its descriptors are open on, as far as they are in the folder. */
function filesOf({ text }: SystemCall, folder: string): string[] {
  const named = [...text.matchAll(/"([^"]*)"|<([^<>]*)>/g)].map(([, a, b]) => a ?? b ?? "");
  const inside = named.filter((path) => path === folder || path.startsWith(`${folder}/`));
  return [...new Set(inside.map((path) => withoutRandom(path.slice(folder.length + 1))))];
}
