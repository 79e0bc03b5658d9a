import * as v from "valibot";
import { parseClientAddress } from "../model/network.ts";
import { MAX_SCOPE_CHARACTERS, parseWantedScope, WANTED_SCOPE } from "../model/scope.ts";
import { instant } from "./instant.ts";
import { parsedText } from "./parsed_text.ts";

export const VERIFY_PATH = "/v1/verify";
export const VERIFY_BATCH_PATH = "/v1/verify/batch";
export const AUTH_PATH = "/v1/auth";

export const MAX_BATCH_KEYS = 1_000;

/** With room for more: whoever does not know a code goes by `valid`. */
export const VERIFICATION_CODES = [
  "VALID",
  "NOT_FOUND",
  "DISABLED",
  "EXPIRED",
  /** A later version has restricted the key in a way that this one does not know. */
  "UNSUPPORTED",
  "FORBIDDEN_NETWORK",
  "INSUFFICIENT_SCOPE",
] as const;

export type VerificationCode = (typeof VERIFICATION_CODES)[number];

const scope = parsedText(parseWantedScope, "one such as mcp:read", {
  maxLength: MAX_SCOPE_CHARACTERS,
  pattern: WANTED_SCOPE.source,
  examples: ["mcp:read"],
});

/** What keys are presented for. */
const purpose = {
  /** What they must be good for, as `mcp:read`. */
  scope: v.exactOptional(scope),
  /** From where they come, an IP address; without it keys that are bound to networks are refused. */
  clientAddress: v.exactOptional(parsedText(parseClientAddress, "an IP address", {
    anyOf: [{ format: "ipv4" }, { format: "ipv6" }],
    examples: ["192.0.2.7", "2001:db8::7"],
  })),
};

export const verifyRequestSchema = v.strictObject({ key: v.string(), ...purpose });

export const verifyBatchRequestSchema = v.strictObject({
  ...purpose,
  keys: v.pipe(v.array(v.string()), v.maxLength(MAX_BATCH_KEYS)),
});

/** Of a URL, which a proxy sets. */
export const authQuerySchema = v.strictObject({
  scope: v.exactOptional(scope),
  /** Not always one: a proxy that listens at a Unix socket knows none. */
  clientAddress: v.exactOptional(v.string()),
});

export const verificationSchema = v.object({
  valid: v.boolean(),
  code: v.string(),
  /** Of the key, also of an expired one; null for a key that is not there. */
  alias: v.nullable(v.string()),
  /** RFC 3339, UTC; null for a key that does not expire. */
  expiresAt: instant,
});

export const verificationsSchema = v.object({ results: v.array(verificationSchema) });

export type VerifyPurpose = Omit<VerifyRequest, "key">;
export type VerifyRequest = v.InferInput<typeof verifyRequestSchema>;
export type Verification = v.InferOutput<typeof verificationSchema>;
export type Verifications = v.InferOutput<typeof verificationsSchema>;
