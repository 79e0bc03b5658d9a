import { readFileSync } from "node:fs";
import * as v from "valibot";
import { AppError, systemErrorCode } from "../errors.ts";
import type { GuardedFiles } from "../platform/platform.ts";
import { replaceFile, sweepTemporaryFiles } from "./atomic_file.ts";
import { inheritOwner } from "./file_owner.ts";
import { ioError } from "./io_error.ts";
import { targetPath } from "./target_path.ts";

/** How often a key has been valid for somebody, and when last, in milliseconds since 1970. */
const recordSchema = v.object({ uses: natural(), lastUsedAt: natural() });

/** What ECMAScript's dates can hold, too. */
function natural() {
  return v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8.64e15));
}

const fileSchema = v.object({ v: v.literal(1), keys: v.record(v.string(), recordSchema) });

export type UsageRecord = v.InferOutput<typeof recordSchema>;

export interface UsageFileOptions {
  readonly keystorePath: string;
  /** See {@link ioError}. */
  readonly mayBeDenied: boolean;
  /** The effective uid; undefined on Windows. */
  readonly uid: number | undefined;
  /** See {@link Platform.guardedFiles}. */
  readonly guardedFiles?: GuardedFiles | undefined;
}

/**
 * What keys have been used, beside the keystore: statistics must not cost it a write. Nothing in here
 * is secret, or needed.
 */
export class UsageFile {
  readonly #options: UsageFileOptions;

  constructor(options: UsageFileOptions) {
    this.#options = options;
  }

  /** `x.usage.json` beside `x.p12`. */
  get path(): string {
    return `${targetPath(this.#options.keystorePath).replace(/\.p12$/i, "")}.usage.json`;
  }

  /**
   * By what tells one key from another.
   *
   * @throws AppError ERR_KEYSTORE_IO, and ERR_KEYSTORE_UNREADABLE for a file that makes no sense
   */
  read(): Map<string, UsageRecord> {
    const attempt = `cannot read how keys of ${this.#options.keystorePath} have been used`;
    try {
      const file = v.parse(fileSchema, JSON.parse(readFileSync(this.path, "utf8")));
      return new Map(Object.entries(file.keys));
    } catch (error) {
      if (systemErrorCode(error) === "ENOENT") return new Map();
      if (systemErrorCode(error) !== undefined) {
        throw ioError(error, attempt, this.#options.mayBeDenied);
      }
      const text = `${attempt}: the file is damaged, and begun anew`;
      throw new AppError("ERR_KEYSTORE_UNREADABLE", text, { cause: error });
    }
  }

  /**
   * Only the keystore's writer may call it.
   *
   * @throws AppError ERR_KEYSTORE_IO
   */
  async write(records: ReadonlyMap<string, UsageRecord>): Promise<void> {
    const { keystorePath, uid, mayBeDenied, guardedFiles } = this.#options;
    try {
      const target = this.path;
      sweepTemporaryFiles(target);
      await replaceFile({
        target,
        content: [Buffer.from(JSON.stringify({ v: 1, keys: Object.fromEntries(records) }))],
        guardedFiles,
        prepare: (descriptor) => inheritOwner(descriptor, targetPath(keystorePath), uid),
        confirm: () => undefined,
      });
    } catch (error) {
      throw ioError(error, `cannot write how keys of ${keystorePath} are used`, mayBeDenied);
    }
  }
}
