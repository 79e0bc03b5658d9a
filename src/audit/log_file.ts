import {
  closeSync,
  constants,
  fdatasync as fdatasyncWithCallback,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { AppError, systemErrorCode } from "../errors.ts";
import { auditError } from "./audit_error.ts";
import { openPrivateFile, type PrivateFile } from "./private_file.ts";
import type { AuditSink } from "./sink.ts";

/* As in `keystore/atomic_file.ts`: only what waits for the disk is worth a thread. */
const fdatasync = promisify(fdatasyncWithCallback);

export interface AuditLogFileOptions extends PrivateFile {
  /** The effective uid; undefined on Windows. */
  readonly uid: number | undefined;
}

const LINE_FEED = 0x0a;

/**
 * A log in a file, opened for each write: whoever rotates logs may take it away at any time. Only the
 * keystore's writer may append.
 */
export class AuditLogFile implements AuditSink {
  readonly #options: AuditLogFileOptions;

  constructor(options: AuditLogFileOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.path;
  }

  async append(lines: readonly string[], isDurable: boolean): Promise<void> {
    const octets = Buffer.from(lines.map((line) => `${line}\n`).join(""));
    try {
      const { descriptor, isNew } = this.#open();
      try {
        await this.#appendTo(descriptor, octets, isDurable);
      } catch (error) {
        if (isNew) unlinkSync(this.#options.path);
        throw error;
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      throw auditError(error, `cannot write the audit log ${this.#options.path}`);
    }
  }

  lastLine(): string | undefined {
    const { path } = this.#options;
    try {
      const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        return lastLineOf(tail(descriptor));
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      if (systemErrorCode(error) === "ENOENT") return undefined;
      throw auditError(error, `cannot read the audit log ${path}`);
    }
  }

  /**
   * All of it, or nothing: what a killed process or a full disk has left of a record was never
   * acknowledged, and would spoil the next line.
   */
  async #appendTo(descriptor: number, octets: Uint8Array, isDurable: boolean): Promise<void> {
    const end = removeTorn(descriptor, this.#options.path);
    try {
      for (let offset = 0; offset < octets.length;) offset += writeSync(descriptor, octets, offset);
      if (isDurable) await fdatasync(descriptor);
    } catch (error) {
      ftruncateSync(descriptor, end);
      throw error;
    }
  }

  #open(): { readonly descriptor: number; readonly isNew: boolean } {
    const { path, uid } = this.#options;
    const opened = openPrivateFile(this.#options, constants.O_RDWR | constants.O_APPEND);
    if (!opened.isNew) assertOurs(opened.descriptor, path, uid);
    return opened;
  }
}

/** Whoever reads a pipe or a device keeps nothing; a file that anybody may have put there is his. */
function assertOurs(descriptor: number, path: string, uid: number | undefined): void {
  const reason = whyNotOurs(fstatSync(descriptor), statSync(dirname(path)), uid);
  if (reason === undefined) return;
  closeSync(descriptor);
  throw unusable(path, reason);
}

function whyNotOurs(file: Stats, folder: Stats, uid: number | undefined): string | undefined {
  if (!file.isFile()) return "it is no plain file";
  const isShared = (folder.mode & 0o022) !== 0;
  const isTrusted = [0, folder.uid, uid].includes(file.uid);
  return isShared && !isTrusted
    ? "it is another user's, in a folder that others may write"
    : undefined;
}

function unusable(path: string, reason: string): AppError {
  return new AppError("ERR_AUDIT", `cannot write the audit log ${path}: ${reason}`);
}

/**
 * @returns where the last whole line ends
 * @throws AppError ERR_AUDIT for a file that ends in anything but records: it may be another program's
 */
function removeTorn(descriptor: number, path: string): number {
  const { size } = fstatSync(descriptor);
  const last = tail(descriptor);
  const torn = last.subarray(last.lastIndexOf(LINE_FEED) + 1).toString("latin1");
  const line = lastLineOf(last);
  const isLog = line === undefined ? torn.length === size : line.startsWith(BEGINNING);
  if (!isLog || !torn.startsWith(BEGINNING.slice(0, torn.length))) {
    throw unusable(path, "its last line is no record: move it away, or name another file");
  }
  if (torn.length > 0) ftruncateSync(descriptor, size - torn.length);
  return size - torn.length;
}

/** Of every record; see `trail.ts`. */
const BEGINNING = '{"v":1,"sequence":';

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

const TAIL_OCTETS = 64 * 1024;

function lastLineOf(octets: Buffer): string | undefined {
  const end = octets.lastIndexOf(LINE_FEED);
  if (end < 0) return undefined;
  const start = end === 0 ? 0 : octets.lastIndexOf(LINE_FEED, end - 1) + 1;
  return octets.subarray(start, end).toString();
}
