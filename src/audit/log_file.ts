import {
  closeSync,
  constants,
  fdatasync as fdatasyncWithCallback,
  fstatSync,
  ftruncateSync,
  readSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";
import { auditError } from "./audit_error.ts";
import {
  openOrCreatePrivateFile,
  openPrivateFile,
  type PrivateFile,
  unusable,
} from "./private_file.ts";
import type { AuditSink } from "./sink.ts";

/* As in `keystore/atomic_file.ts`: only what waits for the disk is worth a thread. */
const fdatasync = promisify(fdatasyncWithCallback);

const LINE_FEED = 0x0a;

/**
 * A log in a file, opened for each write: whoever rotates logs may take it away at any time. Only the
 * keystore's writer may append.
 */
export class AuditLogFile implements AuditSink {
  readonly #file: PrivateFile;

  constructor(file: PrivateFile) {
    this.#file = file;
  }

  get name(): string {
    return this.#file.path;
  }

  async append(
    lines: readonly string[],
    isDurable: boolean,
    written: (count: number) => void,
  ): Promise<void> {
    const octets = Buffer.from(lines.map((line) => `${line}\n`).join(""));
    try {
      // What Windows opens for appending cannot be cut off.
      const appends = this.#file.guardedFiles === undefined;
      const flags = constants.O_RDWR | (appends ? constants.O_APPEND : 0);
      const { descriptor, isNew } = openOrCreatePrivateFile(this.#file, flags);
      const end = () => removeTorn(descriptor, this.name);
      try {
        const tell = (isThere: boolean) => written(isThere ? lines.length : 0);
        await appendWhole(descriptor, end(), octets, { isDurable, tell, appends });
      } catch (error) {
        if (isNew) unlinkSync(this.name);
        throw error;
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      throw auditError(error, `cannot write the audit log ${this.name}`);
    }
  }

  lastLine(): string | undefined {
    try {
      const descriptor = openPrivateFile(this.#file, constants.O_RDONLY);
      if (descriptor === undefined) return undefined;
      try {
        return lastLineOf(tail(descriptor));
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      throw auditError(error, `cannot read the audit log ${this.name}`);
    }
  }
}

interface AppendOptions {
  readonly isDurable: boolean;
  readonly tell: (isThere: boolean) => void;
  /** Whether the system puts what is written at the end. */
  readonly appends: boolean;
}

/**
 * All of it, or nothing: what a full disk has taken of a record is not acknowledged, and would spoil
 * the next line.
 *
 * @param end where the file ends
 */
async function appendWhole(
  descriptor: number,
  end: number,
  octets: Uint8Array,
  { isDurable, tell, appends }: AppendOptions,
): Promise<void> {
  let isTold = false;
  try {
    for (let offset = 0; offset < octets.length;) {
      const position = appends ? null : end + offset;
      offset += writeSync(descriptor, octets, offset, octets.length - offset, position);
    }
    isTold = true;
    tell(true);
    if (isDurable) await fdatasync(descriptor);
  } catch (error) {
    ftruncateSync(descriptor, end);
    if (isTold) tell(false);
    throw error;
  }
}

/**
 * Removes what a killed process has left of a record, and the zeros that a power failure has.
 *
 * @returns where the last whole line ends
 * @throws AppError ERR_AUDIT for a file that ends in anything but records: it may be another program's
 */
function removeTorn(descriptor: number, path: string): number {
  const { size } = fstatSync(descriptor);
  const last = tail(descriptor);
  const torn = last.subarray(last.lastIndexOf(LINE_FEED) + 1).toString("latin1");
  const line = lastLineOf(last);
  const isLog = line === undefined ? torn.length === size : line.startsWith(BEGINNING);
  const begun = torn.replace(/\0+$/, "").slice(0, BEGINNING.length);
  if (!isLog || !BEGINNING.startsWith(begun)) {
    throw unusable(path, "its last line is no record: move it away, or name another file");
  }
  if (torn.length > 0) ftruncateSync(descriptor, size - torn.length);
  return size - torn.length;
}

/** Of every record; see `trail.ts`. */
const BEGINNING = '{"v":1,"sequence":';

const TAIL_OCTETS = 64 * 1024;

function tail(descriptor: number): Buffer {
  const { size } = fstatSync(descriptor);
  const octets = Buffer.alloc(Math.min(size, TAIL_OCTETS));
  for (let filled = 0; filled < octets.length;) {
    const at = size - octets.length + filled;
    const bytesRead = readSync(descriptor, octets, filled, octets.length - filled, at);
    if (bytesRead === 0) return octets.subarray(0, filled);
    filled += bytesRead;
  }
  return octets;
}

function lastLineOf(octets: Buffer): string | undefined {
  const end = octets.lastIndexOf(LINE_FEED);
  if (end < 0) return undefined;
  const start = end === 0 ? 0 : octets.lastIndexOf(LINE_FEED, end - 1) + 1;
  return octets.subarray(start, end).toString();
}
