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
import { unusable } from "./private_file.ts";
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

  /**
   * Up to where the records go.
   *
   * @throws AppError ERR_AUDIT
   */
  head(): StoredHead {
    return this.#head = this.#lookUp();
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
    const { sink, signer, clock } = this.#options;
    const signing = await signer();
    const before = this.head();
    const at = formatInstant(clock());
    const lines: string[] = [];
    const hashes: string[] = [];
    let { sequence, hash: previous } = before;
    for (const [index, { facts }] of group.entries()) {
      const bare = { v: 1, sequence: ++sequence, at, ...facts, previous } as const;
      const isLast = index === group.length - 1;
      const line = isLast && signing ? signed(bare, signing, before.signer) : JSON.stringify(bare);
      lines.push(line);
      hashes.push(previous = hashLine(line));
    }
    const heads = hashes.map((hash, index) => {
      return { sequence: before.sequence + index + 1, hash, signer: signing?.id ?? before.signer };
    });
    const isDurable = group.some((each) => each.isDurable);
    await sink.append(lines, isDurable, (count) => this.#advance(heads[count - 1] ?? before));
    return before.sequence + 1;
  }

  #advance(head: StoredHead): void {
    this.#head = head;
    this.#options.head.write(head);
  }

  /**
   * Where the log has more than this process knows, another one has written it, or one that was killed
   * before it came to the head. A log that ends before has lost records, or was taken away: what
   * follows says that they were there.
   */
  #lookUp(): StoredHead {
    const { sink, head } = this.#options;
    const line = sink.lastLine();
    const record = line === undefined ? undefined : parseAuditRecord(line);
    const known = this.#head ?? head.read();
    if (known === "nonsense" && record === undefined) {
      throw unusable(head.path, "it makes no sense, and there is no log: remove it to begin anew");
    }
    const stored = known === "nonsense" ? undefined : known;
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
