import * as v from "valibot";
import { base64 } from "./base64.ts";
import { count } from "./count.ts";

export const SCAN_PATH = "/v1/scan";
/** The same, and revokes those that are keys. */
export const SCAN_REVOKE_PATH = "/v1/scan/revoke";

/** What a search of many gigabytes needs to know: which UUIDs may be keys. */
export const keyFilterSchema = v.object({
  /** For fingerprints of UUIDs; another one in every process. */
  seed: count,
  /** A bit for each fingerprint, modulo their number, which is a power of two; base64. */
  bitmap: base64,
});

export const MAX_CANDIDATES = 1_000;

export const candidatesSchema = v.strictObject({
  candidates: v.pipe(v.array(v.string()), v.maxLength(MAX_CANDIDATES)),
});

export const occurrencesSchema = v.object({
  /** Of each candidate in order: the aliases of the key that it is, its own even if it was replaced. */
  aliases: v.array(v.array(v.string())),
});

export type KeyFilterDocument = v.InferOutput<typeof keyFilterSchema>;
export type Occurrences = v.InferOutput<typeof occurrencesSchema>;
