import { closeSync, constants, fstatSync, readSync, writeSync } from "node:fs";
import { encodeAuditHead, parseAuditHead, type StoredHead } from "../model/audit_head.ts";
import { auditError } from "./audit_error.ts";
import {
  openOrCreatePrivateFile,
  openPrivateFile,
  type PrivateFile,
  unusable,
} from "./private_file.ts";

/** So that nothing of a longer one before is left. */
const HEAD_OCTETS = 256;

/**
 * Up to where the log has come, beside it: who cuts off its end has not changed this, and a log that
 * was taken away to be rotated goes on where it was.
 */
export class AuditHeadFile {
  readonly #file: PrivateFile;

  constructor(file: PrivateFile) {
    this.#file = file;
  }

  get path(): string {
    return this.#file.path;
  }

  /**
   * @returns undefined where there is none, `nonsense` for one that cannot be understood
   * @throws AppError ERR_AUDIT
   */
  read(): StoredHead | "nonsense" | undefined {
    try {
      const descriptor = openPrivateFile(this.#file, constants.O_RDONLY);
      if (descriptor === undefined) return undefined;
      try {
        const octets = Buffer.alloc(HEAD_OCTETS);
        const text = octets.subarray(0, readSync(descriptor, octets)).toString();
        return parseAuditHead(text) ?? "nonsense";
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      throw auditError(error, `cannot read ${this.path}`);
    }
  }

  /**
   * In place, as it is written with each record: some hundred octets in one call, which a killed
   * process has made or not.
   */
  write(head: StoredHead): void {
    try {
      const { descriptor } = openOrCreatePrivateFile(this.#file, constants.O_WRONLY);
      try {
        // Another program's file must not lose its beginning.
        if (fstatSync(descriptor).size > HEAD_OCTETS) {
          throw unusable(this.path, "it is there, and something else");
        }
        writeSync(descriptor, `${encodeAuditHead(head)}\n`.padEnd(HEAD_OCTETS), 0);
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      throw auditError(error, `cannot write ${this.path}`);
    }
  }
}
