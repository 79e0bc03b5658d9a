import * as v from "valibot";
import { base64 } from "./base64.ts";
import { count } from "./count.ts";
import { instant } from "./instant.ts";

export const KEYSTORE_PATH = "/v1/keystore";
export const KEYSTORE_CHECK_PATH = "/v1/keystore/check";
export const KEYSTORE_COPY_PATH = "/v1/keystore/copy";
export const KEYSTORE_RESTORE_PATH = "/v1/keystore/restore";
export const KEYSTORE_REKEY_PATH = "/v1/keystore/rekey";

const certificateSchema = v.object({
  /** Distinguished names (RFC 4514). */
  subject: v.string(),
  issuer: v.string(),
  serialNumber: v.string(),
  notBefore: instant,
  notAfter: instant,
  publicKey: v.string(),
  /** SHA-256, in hexadecimal with colons. */
  fingerprint: v.string(),
});

const entrySchema = v.object({
  /** `api-key`, `secret`, `private-key`, `certificate` or `other`. */
  kind: v.string(),
  /** The friendlyName. */
  name: v.nullable(v.string()),
  createdAt: instant,
  /** How the entry itself is encrypted; null where it is not. */
  encryption: v.nullable(v.string()),
  /** Which password opens it: `entry`, `store`, `unknown`; null where nothing is encrypted. */
  password: v.nullable(v.string()),
  /** Of the key inside. */
  algorithm: v.nullable(v.string()),
  certificate: v.nullable(certificateSchema),
});

export const keystoreInfoSchema = v.object({
  path: v.string(),
  bytes: count,
  mac: v.object({ digest: v.string(), iterations: count }),
  entries: v.array(entrySchema),
  /** Earlier states beside the file, the newest first. */
  generations: v.array(v.object({ path: v.string(), changedAt: instant })),
});

export const keystoreCheckSchema = v.object({
  path: v.string(),
  exists: v.boolean(),
  /** Whether it could be opened. */
  opened: v.boolean(),
  keys: count,
  otherEntries: count,
  findings: v.array(v.object({
    /** null where a daemon of before has none. */
    code: v.optional(v.nullable(v.string()), null),
    severity: v.picklist(["error", "warning"]),
    text: v.string(),
    /** What to do about it. */
    remedy: v.string(),
    /** The same for a shell; null where that is not for a command to do. */
    command: v.optional(v.nullable(v.string()), null),
  })),
});

/** A PKCS#12 file, in base64. */
export const keystoreCopySchema = v.object({ pkcs12: base64 });

export const restoreSchema = v.strictObject({
  pkcs12: base64,
  /** Also a copy of which parts cannot be opened. */
  force: v.optional(v.boolean(), false),
});

export const restoredSchema = v.object({
  keys: count,
  otherEntries: count,
  /** Where the state that was replaced is kept; null if there was none. */
  keptAt: v.nullable(v.string()),
});

export const rekeySchema = v.strictObject({
  /** Absent for systemd's credential or a random one. */
  password: v.optional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(4096))),
  /** Also where MetricsHub loses access. */
  force: v.optional(v.boolean(), false),
});

export const rekeyedSchema = v.object({
  source: v.string(),
  /** Where the new password is. */
  path: v.nullable(v.string()),
});

export type KeystoreInfo = v.InferOutput<typeof keystoreInfoSchema>;
export type KeystoreEntry = v.InferOutput<typeof entrySchema>;
export type KeystoreFinding = KeystoreCheck["findings"][number];
export type KeystoreCheck = v.InferOutput<typeof keystoreCheckSchema>;
export type KeystoreCopy = v.InferOutput<typeof keystoreCopySchema>;
export type Restored = v.InferOutput<typeof restoredSchema>;
export type Rekeyed = v.InferOutput<typeof rekeyedSchema>;
export type RestoreRequest = v.InferInput<typeof restoreSchema>;
export type RekeyRequest = v.InferInput<typeof rekeySchema>;
