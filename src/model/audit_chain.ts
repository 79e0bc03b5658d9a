import { type KeyObject, verify, X509Certificate } from "node:crypto";
import { type AuditHead, EMPTY_HEAD } from "./audit_head.ts";
import {
  type AuditRecord,
  certificateId,
  hashLine,
  parseAuditRecord,
  splitSignature,
} from "./audit_record.ts";

export type AuditFault = "altered" | "missing" | "out of order" | "cut off";

/** The first record that is not what it was. */
export interface AuditFinding {
  readonly fault: AuditFault;
  readonly sequence: number;
  /** Counted from 1 over all lines; where the record is, or would have to be. */
  readonly line: number;
}

export interface AuditLine {
  readonly text: string;
  /** Whether an end of line follows. */
  readonly isWhole: boolean;
}

export interface AuditVerdict {
  /** undefined where everything is as it was written */
  readonly finding: AuditFinding | undefined;
  readonly records: number;
  readonly first: number | undefined;
  readonly last: AuditHead;
  /** Up to which record a certificate that is trusted vouches; 0 for none. */
  readonly vouched: number;
}

export interface AuditExpectations {
  /** In DER. */
  readonly trusted: readonly Uint8Array[];
  /** With which record the log begins. */
  readonly first: number;
  /** Where it has to end at the earliest; undefined where nobody knows. */
  readonly head: AuditHead | undefined;
}

/** A record as it was read. */
interface Read {
  readonly text: string;
  readonly isWhole: boolean;
  readonly line: number;
  readonly record: AuditRecord | undefined;
  readonly hash: string;
  /** undefined for none, or by somebody unknown */
  readonly isSignatureGood: boolean | undefined;
  readonly isTrusted: boolean;
}

/**
 * Reads a log from its first line to its last, and says which record is the first that was altered,
 * left out or put elsewhere.
 *
 * Each record has the hash of the line before it, so whoever changes a line has to change all that
 * follow, up to the next signature, which nobody can make without the key: what a signature stands
 * for is every record up to its own.
 */
export async function verifyAuditLog(
  lines: AsyncIterable<AuditLine>,
  expectations: AuditExpectations,
): Promise<AuditVerdict> {
  const walk = new Walk(expectations);
  const ahead = withNext(walk.read(lines));
  for await (const [current, next] of ahead) {
    const finding = walk.judge(current, next);
    // Whether a record that is not in its place is in another one only the rest can tell.
    if (finding?.fault === "missing" && await appearsLater(finding, current, next, ahead)) {
      return walk.verdict({ ...finding, fault: "out of order" });
    }
    if (finding !== undefined) return walk.verdict(finding);
  }
  return walk.verdict(walk.judgeEnd());
}

class Walk {
  readonly #expectations: AuditExpectations;
  readonly #keys = new Map<string, KeyObject>();
  readonly #trusted: ReadonlySet<string>;
  #before: Read | undefined;
  #line = 0;
  #records = 0;
  #first: number | undefined;
  #vouched = 0;

  constructor(expectations: AuditExpectations) {
    this.#expectations = expectations;
    const { trusted } = expectations;
    this.#trusted = new Set(trusted.map(certificateId));
    for (const der of trusted) this.#learn(der);
  }

  async *read(lines: AsyncIterable<AuditLine>): AsyncGenerator<Read> {
    for await (const { text, isWhole } of lines) {
      const record = isWhole ? parseAuditRecord(text) : undefined;
      const isSignatureGood = record && this.#check(text, record);
      const isTrusted = record?.signer !== undefined && this.#trusted.has(record.signer);
      const line = ++this.#line;
      yield { text, isWhole, line, record, hash: hashLine(text), isSignatureGood, isTrusted };
    }
  }

  /** @returns undefined for a signer of whom there is no certificate, and for none */
  #check(text: string, { signer, certificate }: AuditRecord): boolean | undefined {
    const parts = splitSignature(text);
    if (parts === undefined || signer === undefined) return undefined;
    // Who signs for the first time shows a certificate; whether to trust it is another question.
    const der = certificate === undefined ? undefined : Buffer.from(certificate, "base64");
    if (der !== undefined && certificateId(der) === signer) this.#learn(der);
    const key = this.#keys.get(signer);
    if (key === undefined) return undefined;
    const octets = Buffer.from(parts.signature, "base64");
    // Another text of the same octets is another line all the same.
    if (octets.toString("base64") !== parts.signature) return false;
    return verify("sha256", Buffer.from(parts.signed), key, octets);
  }

  #learn(der: Uint8Array): void {
    try {
      this.#keys.set(certificateId(der), new X509Certificate(der).publicKey);
    } catch {
      // What is no certificate vouches for nothing.
    }
  }

  judge(current: Read, next: Read | undefined): AuditFinding | undefined {
    const before = this.#before;
    const expected = this.#expected;
    const { line, record } = current;
    const finding = (fault: AuditFault, sequence = expected, at = line) => {
      return { fault, sequence, line: at };
    };
    if (record === undefined) return finding(current.isWhole ? "altered" : "cut off");
    const isLinked = before !== undefined && record.previous === before.hash;
    if (record.sequence !== expected) {
      if (isLinked) return finding("altered");
      return record.sequence < expected
        ? finding("out of order", record.sequence)
        : finding("missing");
    }
    if (current.isSignatureGood === false) return finding("altered");
    if (before !== undefined && !isLinked) {
      if (isInnocent(before, current, next)) return finding("altered");
      return finding("altered", before.record?.sequence, before.line);
    }
    if (before === undefined && (record.previous === "") !== (expected === 1)) {
      return finding("altered");
    }
    this.#accept(current, record);
    return undefined;
  }

  #accept(current: Read, record: AuditRecord): void {
    this.#before = current;
    this.#first ??= record.sequence;
    this.#records++;
    if (current.isTrusted && current.isSignatureGood === true) this.#vouched = record.sequence;
  }

  /** Whether the log goes on for as long as its writer remembers. */
  judgeEnd(): AuditFinding | undefined {
    const { head } = this.#expectations;
    const { sequence, hash } = this.#last;
    if (head === undefined || sequence > head.sequence) return undefined;
    const at = { sequence: this.#expected, line: this.#line + 1 };
    if (sequence < head.sequence) return { fault: "missing", ...at };
    return hash === head.hash ? undefined : { fault: "altered", sequence, line: this.#line };
  }

  verdict(finding: AuditFinding | undefined): AuditVerdict {
    return {
      finding,
      records: this.#records,
      first: this.#first,
      last: this.#last,
      vouched: this.#vouched,
    };
  }

  get #expected(): number {
    return this.#before?.record === undefined
      ? this.#expectations.first
      : this.#before.record.sequence + 1;
  }

  get #last(): AuditHead {
    const { record, hash = "" } = this.#before ?? {};
    return record === undefined ? EMPTY_HEAD : { sequence: record.sequence, hash };
  }
}

/**
 * Of two records that do not fit together, whether the first is as it was: not if the second is, as
 * its signature says; else so says its own, or, as neither has one that is good, that the second does
 * not fit to what follows either.
 */
function isInnocent(first: Read, second: Read, next: Read | undefined): boolean {
  if (second.isSignatureGood === true) return false;
  if (first.isSignatureGood === true) return true;
  return next?.record !== undefined && next.record.previous !== second.hash;
}

/** Each element with the one that follows, which is undefined for the last. */
async function* withNext<T>(elements: AsyncIterable<T>): AsyncGenerator<[T, T | undefined]> {
  let current: T | undefined;
  for await (const next of elements) {
    if (current !== undefined) yield [current, next];
    current = next;
  }
  if (current !== undefined) yield [current, undefined];
}

async function appearsLater(
  { sequence }: AuditFinding,
  current: Read,
  next: Read | undefined,
  rest: AsyncIterable<[Read, Read | undefined]>,
): Promise<boolean> {
  const is = (read: Read | undefined) => read?.record?.sequence === sequence;
  if (is(current) || is(next)) return true;
  for await (const [, later] of rest) if (is(later)) return true;
  return false;
}
