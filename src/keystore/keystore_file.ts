import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
} from "node:fs";
import { AppError, systemErrorCode } from "../errors.ts";
import type { GuardedFiles } from "../platform/platform.ts";
import { MAX_FILE_BYTES } from "../pkcs12/limits.ts";
import {
  findGenerations,
  type Generation,
  generationPath,
  keepGeneration,
  removeGenerations,
  setAside,
} from "./generations.ts";
import { replaceFile, sweepTemporaryFiles } from "./atomic_file.ts";
import { keepOwnerAndMode } from "./file_owner.ts";
import { ioError } from "./io_error.ts";
import { targetPath } from "./target_path.ts";

/** Tells one state of a file from the next: every replacement or rewrite changes it. */
export type FileIdentity = string;

export interface FileStamp {
  readonly identity: FileIdentity;
  /** The permission bits. */
  readonly mode: number;
  /** By how much the file system's clock advances: two changes within that may look like one. */
  readonly clockTickMs: number;
}

export interface FileState extends FileStamp {
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

export interface KeystoreFileOptions {
  readonly path: string;
  /** See {@link ioError}. */
  readonly mayBeDenied: boolean;
  /** The effective uid, to know whether ownership can be given away; undefined on Windows. */
  readonly uid: number | undefined;
  /** See {@link Platform.guardedFiles}. */
  readonly guardedFiles?: GuardedFiles | undefined;
  /** How many earlier states to keep beside the file. */
  readonly generations: number;
}

/** Someone else replaced the file since it was read: start over from what is there now. */
export class FileChangedError extends Error {}

/** The keystore as octets on a disk: read whole, replaced whole. */
export class KeystoreFile {
  readonly #options: KeystoreFileOptions;
  #swept = false;

  constructor(options: KeystoreFileOptions) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.path;
  }

  get guardedFiles(): GuardedFiles | undefined {
    return this.#options.guardedFiles;
  }

  /** @returns undefined where there is no file */
  identity(): FileIdentity | undefined {
    const stats = this.#stat();
    return stats && identityOf(stats);
  }

  /** When the file was last written, in milliseconds since 1970; undefined where there is none. */
  changedAt(): number | undefined {
    const stats = this.#stat();
    return stats && Number(stats.mtimeMs);
  }

  /** @returns undefined where there is no file */
  read(): FileState | undefined {
    try {
      // Opening a FIFO must not wait for its writer.
      const descriptor = openSync(this.path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
      try {
        return this.#readStable(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      if (systemErrorCode(error) === "ENOENT") return undefined;
      throw this.#ioError(error, `cannot open keystore ${this.path}`);
    }
  }

  /**
   * Puts `content`, given in pieces, in the file's place as {@link replaceFile} does: links followed,
   * owner and mode kept. What was there becomes the first generation. Only the writer may call it.
   *
   * @param expected the state that `content` was made from
   * @param beforeRename is told the identity that the file is about to have
   * @throws FileChangedError when the file is in another state by the moment of the rename
   */
  async replace(
    content: readonly Uint8Array[],
    expected: FileIdentity | undefined,
    beforeRename?: (identity: FileIdentity) => void,
  ): Promise<FileStamp> {
    return await this.#replace(content, expected, (target, identity) => {
      keepGeneration(target, this.#options.generations);
      beforeRename?.(identity);
    });
  }

  /**
   * The same, except that what was there can be had back whatever the settings, and is no generation
   * if it is not good.
   *
   * @returns where it is kept; undefined where nothing was
   */
  async supersede(
    bytes: Uint8Array,
    expected: FileIdentity | undefined,
    isGood: boolean,
  ): Promise<string | undefined> {
    let kept: string | undefined;
    await this.#replace([bytes], expected, (target) => {
      if (isGood) keepGeneration(target, Math.max(1, this.#options.generations));
      if (expected !== undefined) kept = isGood ? generationPath(target, 1) : setAside(target);
    });
    return kept;
  }

  /** Earlier states, the newest first. */
  generations(): Generation[] {
    try {
      return findGenerations(targetPath(this.path));
    } catch (error) {
      throw this.#ioError(error, `cannot find earlier states of keystore ${this.path}`);
    }
  }

  /** Removes all earlier states. Only the writer may call it. */
  forgetGenerations(): void {
    try {
      removeGenerations(targetPath(this.path));
    } catch (error) {
      throw this.#ioError(error, `cannot remove earlier states of keystore ${this.path}`);
    }
  }

  async #replace(
    content: readonly Uint8Array[],
    expected: FileIdentity | undefined,
    prepare: (target: string, identity: FileIdentity) => void,
  ): Promise<FileStamp> {
    try {
      const target = targetPath(this.path);
      // Only an earlier process can have left something, or an attempt that failed.
      if (!this.#swept) sweepTemporaryFiles(target);
      this.#swept = false;
      const stats = await replaceFile({
        target,
        content,
        guardedFiles: this.#options.guardedFiles,
        prepare: (descriptor) => keepOwnerAndMode(descriptor, target, this.#options.uid),
        confirm: (stats) => {
          this.#assertStill(expected);
          prepare(target, identityOf(stats));
          this.#assertStill(expected);
        },
        verify: (stats) => this.#putBackIfChanged(target, expected, identityOf(stats)),
      });
      this.#swept = true;
      return stampOf(stats);
    } catch (error) {
      throw this.#ioError(error, `cannot write keystore ${this.path}`);
    }
  }

  /**
   * A program that takes no lock may have written to the file between the last check and the rename:
   * that went into generation 1, the same file under another name, which then gets its place back.
   * Without generations it is lost.
   */
  #putBackIfChanged(target: string, expected: FileIdentity | undefined, ours: FileIdentity): void {
    const replaced = generationPath(target, 1);
    const stats = statSync(replaced, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined || expected === undefined) return;
    const identity = identityOf(stats);
    if (inodeOf(expected) !== inodeOf(identity) || identity === expected) return;
    // What somebody has made of ours meanwhile is newer still.
    if (this.identity() === ours) renameSync(replaced, target);
    throw new FileChangedError();
  }

  #assertStill(expected: FileIdentity | undefined): void {
    if (this.identity() !== expected) throw new FileChangedError();
  }

  #readStable(descriptor: number): FileState {
    for (let attempt = 0;; attempt++) {
      const before = fstatSync(descriptor, { bigint: true });
      if (!before.isFile()) {
        const reason = before.isDirectory() ? "it is a folder" : "it is no plain file";
        throw new AppError("ERR_KEYSTORE_IO", this.#cannotOpen(reason));
      }
      if (before.size > MAX_FILE_BYTES) {
        const reason = `it is larger than ${MAX_FILE_BYTES} bytes`;
        throw new AppError("ERR_KEYSTORE_UNSUPPORTED", this.#cannotOpen(reason));
      }
      const bytes = Buffer.alloc(Number(before.size));
      const bytesRead = readSync(descriptor, bytes, 0, bytes.length, 0);
      const after = fstatSync(descriptor, { bigint: true });
      // A program that rewrites the file in place may be under way: take what stays still.
      const isStable = bytesRead === bytes.length && identityOf(before) === identityOf(after);
      if (isStable || attempt === 10) {
        const changedAt = Number(after.mtimeMs);
        return { bytes: bytes.subarray(0, bytesRead), changedAt, ...stampOf(after) };
      }
    }
  }

  #stat(): BigIntStats | undefined {
    try {
      return statSync(this.path, { bigint: true, throwIfNoEntry: false });
    } catch (error) {
      throw this.#ioError(error, `cannot open keystore ${this.path}`);
    }
  }

  #ioError(error: unknown, attempt: string): unknown {
    return ioError(error, attempt, this.#options.mayBeDenied);
  }

  #cannotOpen(reason: string): string {
    return `cannot open keystore ${this.path}: ${reason}`;
  }
}

/** Linux stamps files by a clock that ticks every 1 to 10 ms; small inodes hold whole seconds. */
const TICK_MS = 20;
const COARSE_TICK_MS = 2_000;

function stampOf(stats: BigIntStats): FileStamp {
  const isCoarse = stats.mtimeNs % 1_000_000_000n === 0n;
  return {
    identity: identityOf(stats),
    mode: Number(stats.mode) & 0o777,
    clockTickMs: isCoarse ? COARSE_TICK_MS : TICK_MS,
  };
}

/**
 * Without the time of the last status change: the rename itself alters that, and the identity of
 * the new file has to be known before it.
 */
function identityOf({ dev, ino, size, mtimeNs }: BigIntStats): FileIdentity {
  return [dev, ino, size, mtimeNs].join(" ");
}

/** Device and inode of an identity. */
function inodeOf(identity: FileIdentity): string {
  return identity.split(" ", 2).join(" ");
}
