import type { Alias } from "../model/alias.ts";
import { type ApiKey, noteUse } from "../model/api_key.ts";
import { type Expiry, isExpired } from "../model/expiry.ts";
import type { Clock, Instant } from "../model/instant.ts";
import { NO_METADATA } from "../model/key_metadata.ts";
import { digestKey, type KeyDigest } from "../model/key_digest.ts";
import { covers, type Scope } from "../model/scope.ts";
import type { Keystore } from "../keystore/keystore.ts";
import { type KeystoreContent, openAll } from "../keystore/keystore_content.ts";
import { LatencyHistogram } from "./latency_histogram.ts";

export interface VerificationServiceDependencies {
  readonly keystore: Keystore;
  readonly clock: Clock;
}

/** What a key is presented for, as far as its checker knows. */
export interface Purpose {
  /** undefined for one that needs none */
  readonly scope?: Scope | undefined;
  /** From where it is presented; undefined if nobody knows. */
  readonly clientAddress?: string | undefined;
}

type FoundCode =
  | "VALID"
  | "DISABLED"
  | "EXPIRED"
  | "UNSUPPORTED"
  | "FORBIDDEN_NETWORK"
  | "INSUFFICIENT_SCOPE";

/** What there is to say about a key that somebody presents. */
export type Verdict =
  | { readonly code: "NOT_FOUND" }
  | { readonly code: FoundCode; readonly alias: Alias; readonly expiry: Expiry | undefined };

const ANYTHING: Purpose = {};

/** Built once: most of what an attacker asks ends here. */
const NOT_FOUND: Verdict = { code: "NOT_FOUND" };

/**
 * Whether keys are valid, by what is in the keystore at the moment of asking. The key itself is
 * digested at once and never compared with anything.
 */
export class VerificationService {
  readonly #keystore: Keystore;
  readonly #clock: Clock;
  /** How many verdicts there have been of each kind. */
  readonly counts: Record<Verdict["code"], number> = {
    VALID: 0,
    NOT_FOUND: 0,
    DISABLED: 0,
    EXPIRED: 0,
    UNSUPPORTED: 0,
    FORBIDDEN_NETWORK: 0,
    INSUFFICIENT_SCOPE: 0,
  };
  /** How long callers waited for theirs, those of a batch together. */
  readonly latency = new LatencyHistogram();

  constructor({ keystore, clock }: VerificationServiceDependencies) {
    this.#keystore = keystore;
    this.#clock = clock;
  }

  /** @throws AppError ERR_KEYSTORE_* */
  async verify(key: string, purpose: Purpose = ANYTHING): Promise<Verdict> {
    return this.verifyNow(key, purpose) ?? (await this.verifyAll([key], purpose))[0] ?? NOT_FOUND;
  }

  /**
   * The same, if memory has the answer.
   *
   * @throws AppError ERR_KEYSTORE_*
   */
  verifyNow(key: string, purpose: Purpose = ANYTHING): Verdict | undefined {
    const startedAt = performance.now();
    const content = this.#keystore.readNow(startedAt)?.content;
    const verdict = content && judge(content, digestKey(key), purpose, this.#clock());
    if (verdict === undefined) return undefined;
    this.counts[verdict.code]++;
    this.latency.observe(performance.now() - startedAt);
    return verdict;
  }

  /**
   * Of each key, in order and all by one state of the keystore.
   *
   * @throws AppError ERR_KEYSTORE_*
   */
  async verifyAll(keys: readonly string[], purpose: Purpose = ANYTHING): Promise<Verdict[]> {
    const startedAt = performance.now();
    const digests = keys.map(digestKey);
    for (;;) {
      const { content } = await this.#keystore.read();
      if (!content.digests.isComplete) {
        await openAll(content);
        // What is opened may have been changed or revoked meanwhile.
        continue;
      }
      const now = this.#clock();
      const verdicts = digests.map((digest) => judge(content, digest, purpose, now) ?? NOT_FOUND);
      for (const { code } of verdicts) this.counts[code]++;
      this.latency.observe(performance.now() - startedAt);
      return verdicts;
    }
  }

  /** Opens all keys, so that the first who asks need not wait for it. */
  async prepare(): Promise<void> {
    const { content } = await this.#keystore.read();
    await openAll(content);
  }
}

/** @returns undefined where not all keys that may be this one have been opened */
function judge(
  content: KeystoreContent,
  digest: KeyDigest,
  purpose: Purpose,
  now: Instant,
): Verdict | undefined {
  const { digests } = content;
  const key = digests.find(digest);
  const verdict = key === undefined ? NOT_FOUND : verdictOn(key, content, purpose, now);
  if (verdict.code === "VALID") return verdict;
  for (const twin of digests.twins(digest)) {
    const other = verdictOn(twin, content, purpose, now);
    if (other.code === "VALID") return other;
  }
  return digests.isComplete ? verdict : undefined;
}

function verdictOn(
  key: ApiKey,
  { entries }: KeystoreContent,
  purpose: Purpose,
  now: Instant,
): Verdict {
  const { expiry, metadata, use } = key;
  const { replacedBy } = metadata;
  // Another program has revoked what this key was replaced by: with it, its grace has ended.
  const isOrphan = replacedBy !== undefined && !entries.has(replacedBy);
  const code = isOrphan ? "EXPIRED" : codeOf(key, purpose, now);
  if (code === "VALID") noteUse(use, now);
  // Whoever still presents a key that has been rotated is who he was.
  return { code, alias: replacedBy ?? key.alias, expiry };
}

function codeOf(
  { expiry, isDisabled, metadata }: ApiKey,
  purpose: Purpose,
  now: Instant,
): FoundCode {
  if (isDisabled) return "DISABLED";
  if (expiry !== undefined && isExpired(expiry, now)) return "EXPIRED";
  if (metadata === NO_METADATA) return "VALID";
  if (!metadata.isUnderstood) return "UNSUPPORTED";
  if (!metadata.networks.admits(purpose.clientAddress)) return "FORBIDDEN_NETWORK";
  const { scope } = purpose;
  const isCovered = scope === undefined || metadata.scopes.length === 0 ||
    covers(metadata.scopes, scope);
  return isCovered ? "VALID" : "INSUFFICIENT_SCOPE";
}
