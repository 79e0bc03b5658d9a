import * as v from "valibot";

export const IMPORT_PATH = "/v1/import";
/** The same, and only tells what would be done. */
export const IMPORT_CHECK_PATH = "/v1/import/check";

/** Of one request. */
export const MAX_IMPORTED_KEYS = 5_000;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const importedKeySchema = v.strictObject({
  alias: v.string(),
  /** A UUID in its canonical text. */
  key: v.string(),
  /** By the wall clock of the keystore's host; may be past. */
  expiresOn: v.exactOptional(v.string()),
  description: v.exactOptional(v.string()),
  owner: v.exactOptional(v.string()),
  scopes: v.exactOptional(v.array(v.string())),
  networks: v.exactOptional(v.array(v.string())),
  disabled: v.exactOptional(v.boolean()),
});

/** Keys with their secrets: those of another keystore, `pkcs12`, or one by one, `keys`. */
export const importSchema = v.strictObject({
  /** A PKCS#12 file, in base64. */
  pkcs12: v.exactOptional(v.string()),
  /** Its store password; MetricsHub's built-in one unless given. */
  password: v.exactOptional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(4096))),
  /** Which of its keys: so many from here on, in its order. */
  offset: v.exactOptional(count),
  limit: v.exactOptional(v.pipe(count, v.minValue(1), v.maxValue(MAX_IMPORTED_KEYS))),
  keys: v.exactOptional(v.pipe(v.array(importedKeySchema), v.maxLength(MAX_IMPORTED_KEYS))),
  /** What to do where an alias has another key: refuse the whole request unless given. */
  onConflict: v.exactOptional(v.picklist(["refuse", "skip", "replace"])),
});

export const IMPORT_OUTCOMES = [
  "created",
  "replaced",
  /** The alias has this very key already. */
  "unchanged",
  "skipped",
  /** The alias has another key, or the key another alias: in a dry run, of what would be refused. */
  "conflict",
  /** The entry does not open, or makes no sense. */
  "unreadable",
  /** No key can have this alias. */
  "invalid-alias",
] as const;

export const importedSchema = v.object({
  /** How many keys there are to import in all, without those that others have taken the place of. */
  total: v.number(),
  keys: v.array(v.object({
    alias: v.string(),
    outcome: v.picklist(IMPORT_OUTCOMES),
    /** Which other alias has this very key, where that is why it is skipped or in conflict. */
    sameAs: v.exactOptional(v.string()),
  })),
  /** What is in the keystore besides API keys, and is left where it is. */
  otherEntries: v.number(),
  /** Whether part of the keystore cannot be decrypted. */
  partial: v.boolean(),
});

export type ImportedKey = v.InferOutput<typeof importedKeySchema>;
export type ImportRequest = v.InferOutput<typeof importSchema>;
export type Imported = v.InferOutput<typeof importedSchema>;
export type ImportOutcome = typeof IMPORT_OUTCOMES[number];
