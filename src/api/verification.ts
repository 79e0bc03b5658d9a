import type * as v from "valibot";
import type { Alias } from "../model/alias.ts";
import { parseClientAddress } from "../model/network.ts";
import {
  AUTH_PATH,
  authQuerySchema,
  type Verification,
  type VerificationCode,
  verificationSchema,
  verificationsSchema,
  VERIFY_BATCH_PATH,
  VERIFY_PATH,
  verifyBatchRequestSchema,
  verifyRequestSchema,
} from "../protocol/verification.ts";
import type { PeerCredentials } from "../model/peer_credentials.ts";
import type { Audit } from "../service/audit.ts";
import type { Purpose, Verdict, VerificationService } from "../service/verification.ts";
import { expiresAt } from "./instant.ts";
import { presentedKey } from "../protocol/presented_key.ts";
import { READING } from "./operation.ts";
import { type Route, route } from "./route.ts";

/** The routes that check keys. */
export function verificationRoutes(verification: VerificationService, audit: Audit): Route[] {
  const note = (
    verdict: Verdict,
    key: string,
    purpose: Purpose | undefined,
    peer: PeerCredentials | undefined,
  ): Verdict => {
    if (verdict.code === "VALID") return verdict;
    const alias = verdict.code === "NOT_FOUND" ? undefined : verdict.alias;
    const clientAddress = purpose?.clientAddress;
    audit.noteFailure({ reason: verdict.code, alias, key, clientAddress, peer });
    return verdict;
  };
  return [
    route({
      method: "POST",
      path: VERIFY_PATH,
      access: "verifier",
      act: "verify",
      recorded: "refusals",
      operationId: "verifyKey",
      summary: "Check a key",
      body: verifyRequestSchema,
      responses: { 200: { description: "Valid or not", schema: verificationSchema } },
      problems: READING,
      async respond({ peer, body: { key, ...purpose } }) {
        const verdict = await verification.verify(key, purpose);
        return { status: 200, body: present(note(verdict, key, purpose, peer)) };
      },
    }),
    route({
      method: "POST",
      path: VERIFY_BATCH_PATH,
      access: "verifier",
      act: "verify",
      recorded: "refusals",
      maxBodyBytes: MAX_BATCH_BYTES,
      operationId: "verifyKeys",
      summary: "Check up to 1,000 keys by one state of the keystore",
      body: verifyBatchRequestSchema,
      responses: { 200: { description: "For each key in order", schema: verificationsSchema } },
      problems: READING,
      async respond({ peer, body: { keys, ...purpose } }) {
        const verdicts = await verification.verifyAll(keys, purpose);
        for (const [index, key] of keys.entries()) {
          const verdict = verdicts[index];
          if (verdict !== undefined) note(verdict, key, purpose, peer);
        }
        return { status: 200, body: { results: verdicts.map(present) } };
      },
    }),
    route({
      method: "GET",
      path: AUTH_PATH,
      access: "verifier",
      act: "verify",
      recorded: "refusals",
      operationId: "authenticate",
      summary: "Check the key of a request that a web server is asked to serve",
      query: authQuerySchema,
      authorization: "The key that is to be checked, bare or as a Bearer token",
      headers: { "X-API-Key": "The same, where Authorization has none" },
      responses: {
        204: {
          description: "The key may be accepted",
          headers: { "X-Apikey-Alias": "Its alias, percent-encoded UTF-8" },
        },
        401: {
          description: "It may not, for whatever reason",
          headers: { "WWW-Authenticate": "`Bearer`, without an error code" },
        },
      },
      problems: READING,
      async respond({ header, query, peer }) {
        const purpose = purposeOf(query);
        const key = presentedKey(header);
        if (key === undefined) return UNAUTHORIZED;
        return authorize(note(await verification.verify(key, purpose), key, purpose, peer));
      },
      respondNow({ header, query, peer }) {
        const purpose = purposeOf(query);
        const key = presentedKey(header);
        if (key === undefined) return UNAUTHORIZED;
        const verdict = verification.verifyNow(key, purpose);
        return verdict && authorize(note(verdict, key, purpose, peer));
      },
    }),
  ];
}

/** A proxy that listens at a Unix socket knows no address: a key that is bound to none may pass. */
function purposeOf({ scope, clientAddress }: v.InferOutput<typeof authQuerySchema>): Purpose {
  return { scope, clientAddress: parseClientAddress(clientAddress ?? "") };
}

/** A thousand keys of 36 characters are 39 kB; other tokens that are presented may be longer. */
const MAX_BATCH_BYTES = 256 * 1024;

/**
 * RFC 6750, section 3: without an error code, which would tell an outsider what is wrong. Without
 * the length, node would send no chunks in chunks.
 */
const UNAUTHORIZED = {
  status: 401,
  headers: { "WWW-Authenticate": "Bearer", "Content-Length": "0" },
} as const;

/** Says what a verdict means to a web server. */
function authorize(verdict: Verdict) {
  if (verdict.code !== "VALID") return UNAUTHORIZED;
  return { status: 204, headers: { "X-Apikey-Alias": encodeAlias(verdict.alias) } } as const;
}

/** A header takes ASCII only; most aliases are nothing else and stay as they are. */
function encodeAlias(alias: Alias): string {
  return UNRESERVED.test(alias) ? alias : encodeURIComponent(alias.toWellFormed());
}

const UNRESERVED = /^[\w.~-]*$/;

function present(verdict: Verdict): Verification {
  const code: VerificationCode = verdict.code;
  if (verdict.code === "NOT_FOUND") return { valid: false, code, alias: null, expiresAt: null };
  const { alias, expiry } = verdict;
  return { valid: code === "VALID", code, alias, expiresAt: expiresAt(expiry) };
}
