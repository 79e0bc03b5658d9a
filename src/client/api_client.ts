import * as v from "valibot";
import { AppError, type ErrorCode } from "../errors.ts";
import { KeyFilter } from "../model/key_filter.ts";
import {
  AUDIT_DIGEST_PATH,
  AUDIT_PATH,
  auditDigestSchema,
  type AuditStateDocument,
  auditStateSchema,
} from "../protocol/audit.ts";
import {
  IMPORT_CHECK_PATH,
  IMPORT_PATH,
  type Imported,
  importedSchema,
  type ImportRequest,
} from "../protocol/import.ts";
import {
  type CreatedKey,
  createdKeySchema,
  type Key,
  keyListSchema,
  keyPath,
  type KeyRevision,
  KEYS_PATH,
  keySchema,
  type NewKey,
  type RotatedKey,
  rotatedKeySchema,
  type Rotation,
  rotationPath,
} from "../protocol/keys.ts";
import {
  KEYSTORE_CHECK_PATH,
  KEYSTORE_COPY_PATH,
  KEYSTORE_PATH,
  KEYSTORE_REKEY_PATH,
  KEYSTORE_RESTORE_PATH,
  type KeystoreCheck,
  keystoreCheckSchema,
  keystoreCopySchema,
  type KeystoreInfo,
  keystoreInfoSchema,
  type Rekeyed,
  rekeyedSchema,
  type RekeyRequest,
  type Restored,
  restoredSchema,
  type RestoreRequest,
} from "../protocol/keystore.ts";
import {
  keyFilterSchema,
  occurrencesSchema,
  SCAN_PATH,
  SCAN_REVOKE_PATH,
} from "../protocol/scan.ts";
import { type Status, STATUS_PATH, statusSchema } from "../protocol/status.ts";
import {
  type Verification,
  verificationSchema,
  verificationsSchema,
  VERIFY_BATCH_PATH,
  VERIFY_PATH,
  type VerifyPurpose,
} from "../protocol/verification.ts";
import { incomprehensible, problemError } from "./problem.ts";
import { findVersionSkew } from "./version_skew.ts";
import type { ApiRequest, Transport } from "./transport.ts";

/** What programs of different versions may say to each other. */
const MISUNDERSTANDINGS: readonly ErrorCode[] = [
  "ERR_ROUTE_UNKNOWN",
  "ERR_METHOD_NOT_ALLOWED",
  "ERR_INVALID_REQUEST",
  "ERR_DAEMON_UNREACHABLE",
];

function unlessDefect(error: unknown): undefined {
  if (!(error instanceof AppError)) throw error;
}

function decapitalize(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/**
 * Typed calls of the API. Each throws an AppError with the code of the problem that the API
 * answered, or ERR_DAEMON_UNREACHABLE for an answer that makes no sense.
 */
export class ApiClient {
  readonly #transport: Transport;
  readonly #version: string | undefined;

  /** @param version of this program, to tell from the daemon's; undefined where nobody is to know */
  constructor(transport: Transport, version?: string) {
    this.#transport = transport;
    this.#version = version;
  }

  createKey(newKey: NewKey): Promise<CreatedKey> {
    return this.#call({ method: "POST", path: KEYS_PATH, body: newKey }, createdKeySchema);
  }

  async listKeys(): Promise<Key[]> {
    const { keys } = await this.#call({ method: "GET", path: KEYS_PATH }, keyListSchema);
    return keys;
  }

  async getKey(alias: string): Promise<Key> {
    return await this.#call({ method: "GET", path: keyPath(alias) }, keySchema);
  }

  reviseKey(alias: string, body: KeyRevision): Promise<Key> {
    return this.#call({ method: "PATCH", path: keyPath(alias), body }, keySchema);
  }

  rotateKey(alias: string, body: Rotation = {}): Promise<RotatedKey> {
    return this.#call({ method: "POST", path: rotationPath(alias), body }, rotatedKeySchema);
  }

  async revokeKey(alias: string): Promise<void> {
    await this.#call({ method: "DELETE", path: keyPath(alias) }, v.undefined());
  }

  verify(key: string, purpose: VerifyPurpose = {}): Promise<Verification> {
    const request = { method: "POST", path: VERIFY_PATH, body: { key, ...purpose } } as const;
    return this.#call(request, verificationSchema);
  }

  /** Of each key, in order; at most MAX_BATCH_KEYS of them. */
  async verifyBatch(
    keys: readonly string[],
    purpose: VerifyPurpose = {},
  ): Promise<Verification[]> {
    const body = { keys, ...purpose };
    const request = { method: "POST", path: VERIFY_BATCH_PATH, body } as const;
    const { results } = await this.#call(request, verificationsSchema);
    return results;
  }

  async keyFilter(): Promise<{ readonly seed: number; readonly filter: KeyFilter }> {
    const { seed, bitmap } = await this.#call({ method: "GET", path: SCAN_PATH }, keyFilterSchema);
    return { seed, filter: new KeyFilter(Buffer.from(bitmap, "base64")) };
  }

  /**
   * Of each candidate in order, at most MAX_CANDIDATES: the aliases of the key that it is.
   *
   * @param revoke whether to revoke these keys, too
   */
  async findKeys(candidates: readonly string[], revoke: boolean): Promise<string[][]> {
    const path = revoke ? SCAN_REVOKE_PATH : SCAN_PATH;
    const request = { method: "POST", path, body: { candidates } } as const;
    return (await this.#call(request, occurrencesSchema)).aliases;
  }

  auditState(): Promise<AuditStateDocument> {
    return this.#call({ method: "GET", path: AUDIT_PATH }, auditStateSchema);
  }

  /** What records of the audit log have in place of a key; null where none can have it. */
  async auditDigest(key: string): Promise<string | null> {
    const request = { method: "POST", path: AUDIT_DIGEST_PATH, body: { key } } as const;
    return (await this.#call(request, auditDigestSchema)).digest;
  }

  /** @param dryRun whether only to tell what would be done */
  importKeys(body: ImportRequest, dryRun: boolean): Promise<Imported> {
    const path = dryRun ? IMPORT_CHECK_PATH : IMPORT_PATH;
    return this.#call({ method: "POST", path, body }, importedSchema);
  }

  status(): Promise<Status> {
    return this.#call({ method: "GET", path: STATUS_PATH }, statusSchema);
  }

  keystoreInfo(): Promise<KeystoreInfo> {
    return this.#call({ method: "GET", path: KEYSTORE_PATH }, keystoreInfoSchema);
  }

  checkKeystore(): Promise<KeystoreCheck> {
    return this.#call({ method: "GET", path: KEYSTORE_CHECK_PATH }, keystoreCheckSchema);
  }

  /** The keystore as a PKCS#12 file. */
  async copyKeystore(): Promise<Uint8Array> {
    const request = { method: "GET", path: KEYSTORE_COPY_PATH } as const;
    const { pkcs12 } = await this.#call(request, keystoreCopySchema);
    return Buffer.from(pkcs12, "base64");
  }

  restoreKeystore(body: RestoreRequest): Promise<Restored> {
    return this.#call({ method: "POST", path: KEYSTORE_RESTORE_PATH, body }, restoredSchema);
  }

  rekeyKeystore(body: RekeyRequest): Promise<Rekeyed> {
    return this.#call({ method: "POST", path: KEYSTORE_REKEY_PATH, body }, rekeyedSchema);
  }

  async #call<Schema extends v.GenericSchema>(
    request: ApiRequest,
    schema: Schema,
  ): Promise<v.InferOutput<Schema>> {
    const { status, body } = await this.#transport.send(request);
    if (status >= 400) throw await this.#explain(problemError(body));
    const result = v.safeParse(schema, body);
    if (result.success) return result.output;
    throw await this.#explain(incomprehensible());
  }

  /** A daemon of another version may not know what it is asked, or say what is not known here. */
  async #explain(error: AppError): Promise<AppError> {
    if (this.#version === undefined || !MISUNDERSTANDINGS.includes(error.code)) return error;
    // Whoever may not ask for the version hears what there is to hear without it.
    const answer = await this.#transport.send({ method: "GET", path: STATUS_PATH }).catch(
      unlessDefect,
    );
    const status = v.safeParse(v.object({ version: v.string() }), answer?.body);
    const skew = status.success ? findVersionSkew(this.#version, status.output.version) : undefined;
    if (skew === undefined) return error;
    const text = `${error.message}; ${decapitalize(skew.text)}: ${skew.remedy}`;
    return new AppError(error.code, text, { cause: error });
  }
}
