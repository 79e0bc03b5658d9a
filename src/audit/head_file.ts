import { closeSync, constants, fstatSync, readFileSync, writeSync } from "node:fs";
import { AppError, systemErrorCode } from "../errors.ts";
import { encodeAuditHead, parseAuditHead, type StoredHead } from "../model/audit_head.ts";
import { auditError } from "./audit_error.ts";
import { openPrivateFile, type PrivateFile } from "./private_file.ts";

/**
 * Up to where the log has come, beside it: who cuts off its end has not changed this, and a log that
 * was taken away to be rotated goes on where it was.
 */
export class AuditHeadFile {
  readonly #options: PrivateFile;

  constructor(options: PrivateFile) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.path;
  }

  /** @returns undefined where there is none, or none that makes sense */
  read(): StoredHead | undefined {
    try {
      // With an encoding Node would do it all in one call, which ends the process where close(2) fails.
      return parseAuditHead(readFileSync(this.path).toString());
    } catch (error) {
      if (systemErrorCode(error) === "ENOENT") return undefined;
      throw auditError(error, `cannot read ${this.path}`);
    }
  }

  /**
   * In place, as it is written with each record: some hundred octets in one call, which a killed
   * process has made or not.
   */
  write(head: StoredHead): void {
    try {
      const descriptor = this.#open();
      try {
        writeSync(descriptor, `${encodeAuditHead(head)}\n`.padEnd(HEAD_OCTETS), 0);
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      throw auditError(error, `cannot write ${this.path}`);
    }
  }

  #open(): number {
    const { descriptor, isNew } = openPrivateFile(this.#options, constants.O_WRONLY);
    return isNew ? descriptor : assertHead(descriptor, this.path);
  }
}

/** So that nothing of a longer one before is left. */
const HEAD_OCTETS = 256;

/** Another program's file must not lose its beginning. */
function assertHead(descriptor: number, path: string): number {
  const stats = fstatSync(descriptor);
  if (stats.isFile() && stats.size <= HEAD_OCTETS) return descriptor;
  closeSync(descriptor);
  throw new AppError("ERR_AUDIT", `cannot write ${path}: it is there, and something else`);
}
