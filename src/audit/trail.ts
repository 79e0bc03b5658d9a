import { EMPTY_HEAD, type StoredHead } from "../model/audit_head.ts";
import {
  type AuditFacts,
  type AuditRecord,
  hashLine,
  parseAuditRecord,
  withSignature,
} from "../model/audit_record.ts";
import { type Clock, formatInstant } from "../model/instant.ts";
import type { AuditHeadFile } from "./head_file.ts";
import type { AuditSink } from "./sink.ts";

/** Signs for somebody who has a certificate. */
export interface AuditSigner {
  /** See `certificateId`. */
  readonly id: string;
  /** In DER. */
  readonly certificate: Uint8Array;
  /** @returns ECDSA with SHA-256, in DER */
  sign(octets: Uint8Array): Uint8Array;
}

export interface AuditTrailOptions {
  readonly sink: AuditSink;
  readonly head: AuditHeadFile;
  /** undefined as long as there is nobody to sign. */
  readonly signer: () => Promise<AuditSigner | undefined>;
  readonly clock: Clock;
}

interface Waiting {
  readonly facts: AuditFacts;
  readonly isDurable: boolean;
  readonly resolve: (sequence: number) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Writes records one after the other, each with the hash of the one before. Those that arrive while
 * others are being written go together; the last of each such group is signed, and so vouches for all
 * before it.
 */
export class AuditTrail {
  readonly #options: AuditTrailOptions;
  #waiting: Waiting[] = [];
  #isWriting = false;
  #head: StoredHead | undefined;

  constructor(options: AuditTrailOptions) {
    this.#options = options;
  }

  /** Where the records go. */
  get name(): string {
    return this.#options.sink.name;
  }

  /**
   * @param isDurable whether it has to survive a power failure before anything else is done
   * @returns the record's sequence number, once it is written
   * @throws AppError ERR_AUDIT
   */
  append(facts: AuditFacts, { isDurable }: { readonly isDurable: boolean }): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ facts, isDurable, resolve, reject });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  /** Up to where the records go. */
  head(): StoredHead {
    return this.#head ??= this.#lookUp();
  }

  /** Something may have been written since. */
  forget(): void {
    this.#head = undefined;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0);
      try {
        const first = await this.#write(group);
        for (const [index, { resolve }] of group.entries()) resolve(first + index);
      } catch (error) {
        // It may have been written all the same: the log itself says so.
        this.forget();
        for (const { reject } of group) reject(error);
      }
    }
    this.#isWriting = false;
  }

  /** @returns the sequence number of the first */
  async #write(group: readonly Waiting[]): Promise<number> {
    const { sink, head, signer, clock } = this.#options;
    const before = this.head();
    const signing = await signer();
    const at = formatInstant(clock());
    const lines: string[] = [];
    let { sequence, hash: previous } = before;
    for (const [index, { facts }] of group.entries()) {
      const bare = { v: 1, sequence: ++sequence, at, ...facts, previous } as const;
      const isLast = index === group.length - 1;
      const line = isLast && signing ? signed(bare, signing, before.signer) : JSON.stringify(bare);
      lines.push(line);
      previous = hashLine(line);
    }
    await sink.append(lines, group.some(({ isDurable }) => isDurable));
    this.#head = { sequence, hash: previous, signer: signing?.id ?? before.signer };
    head.write(this.#head);
    return before.sequence + 1;
  }

  /**
   * Where a process that was killed has written a record and not the head, the record counts. A log
   * that ends before the head has lost records, or was taken away: what follows says that they were
   * there.
   */
  #lookUp(): StoredHead {
    const { sink, head } = this.#options;
    const line = sink.lastLine();
    const stored = head.read();
    const record = line === undefined ? undefined : parseAuditRecord(line);
    if (line === undefined || record === undefined || record.sequence <= (stored?.sequence ?? 0)) {
      return stored ?? { ...EMPTY_HEAD, signer: undefined };
    }
    const { sequence, signer } = record;
    return { sequence, hash: hashLine(line), signer: signer ?? stored?.signer };
  }
}

function signed(
  bare: AuditRecord,
  { id, certificate, sign }: AuditSigner,
  signerBefore: string | undefined,
): string {
  const isNew = id !== signerBefore;
  const shown = isNew ? { certificate: Buffer.from(certificate).toString("base64") } : {};
  const line = JSON.stringify({ ...bare, signer: id, ...shown });
  return withSignature(line, Buffer.from(sign(Buffer.from(line))).toString("base64"));
}
