import * as v from "valibot";
import { CANONICAL_UUID } from "../model/uuid.ts";
import { base64 } from "./base64.ts";
import { count } from "./count.ts";
import { describedAs, expiresOn, networks, newAlias, owner, scopes } from "./key_fields.ts";

export const IMPORT_PATH = "/v1/import";
/** The same, and only tells what would be done. */
export const IMPORT_CHECK_PATH = "/v1/import/check";

/** Of one request. */
export const MAX_IMPORTED_KEYS = 5_000;

export const importedKeySchema = v.strictObject({
  alias: newAlias,
  /** A UUID in its canonical text. */
  key: v.pipe(v.string(), v.regex(CANONICAL_UUID, "expected a UUID in lower case")),
  /** By the wall clock of the keystore's host; may be past. */
  expiresOn: v.exactOptional(expiresOn),
  description: v.exactOptional(describedAs),
  owner: v.exactOptional(owner),
  scopes: v.exactOptional(scopes),
  networks: v.exactOptional(networks),
  disabled: v.exactOptional(v.boolean(), false),
});

/** Keys with their secrets: those of another keystore, `pkcs12`, or one by one, `keys`. */
export const importSchema = v.pipe(
  v.strictObject({
    /** A PKCS#12 file, in base64. */
    pkcs12: v.exactOptional(base64),
    /** Its store password; MetricsHub's built-in one unless given. */
    password: v.exactOptional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(4096))),
    /** Which of its keys: so many from here on, in its order. */
    offset: v.exactOptional(count),
    limit: v.exactOptional(v.pipe(count, v.minValue(1), v.maxValue(MAX_IMPORTED_KEYS))),
    keys: v.exactOptional(v.pipe(v.array(importedKeySchema), v.maxLength(MAX_IMPORTED_KEYS))),
    /** What to do where an alias has another key: refuse the whole request, skip it, or replace. */
    onConflict: v.exactOptional(v.picklist(["refuse", "skip", "replace"]), "refuse"),
  }),
  v.check(
    ({ pkcs12, keys }) => (pkcs12 === undefined) !== (keys === undefined),
    "give one of pkcs12 and keys",
  ),
  v.check(
    ({ keys, password, offset, limit }) =>
      keys === undefined || [password, offset, limit].every((value) => value === undefined),
    "password, offset and limit are for another keystore",
  ),
  v.metadata({
    anyOf: [{ required: ["pkcs12"] }, { required: ["keys"] }],
    dependentSchemas: {
      keys: { properties: { pkcs12: false, password: false, offset: false, limit: false } },
    },
  }),
);

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
  total: count,
  keys: v.array(v.object({
    alias: v.string(),
    outcome: v.picklist(IMPORT_OUTCOMES),
    /** Which other alias has this very key, where that is why it is skipped or in conflict. */
    sameAs: v.exactOptional(v.string()),
  })),
  /** What is in the keystore besides API keys, and is left where it is. */
  otherEntries: count,
  /** Whether part of the keystore cannot be decrypted. */
  partial: v.boolean(),
});

export type ImportedKey = v.InferInput<typeof importedKeySchema>;
export type ImportRequest = v.InferInput<typeof importSchema>;
export type Imported = v.InferOutput<typeof importedSchema>;
export type ImportOutcome = typeof IMPORT_OUTCOMES[number];
