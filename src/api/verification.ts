import type { Alias } from "../model/alias.ts";
import {
  AUTH_PATH,
  type Verification,
  type VerificationCode,
  type Verifications,
  VERIFY_BATCH_PATH,
  VERIFY_PATH,
  verifyBatchRequestSchema,
  verifyRequestSchema,
} from "../protocol/verification.ts";
import type { Verdict, VerificationService } from "../service/verification.ts";
import { expiresAt } from "./instant.ts";
import { presentedKey } from "../protocol/presented_key.ts";
import { parsePurpose, parseQueryPurpose } from "./purpose.ts";
import { parseBody, type Reply, type Route } from "./route.ts";

/** The routes that check keys. */
export function verificationRoutes(verification: VerificationService): Route[] {
  return [
    {
      method: "POST",
      path: VERIFY_PATH,
      access: "verifier",
      async respond(call) {
        const { key, ...purpose } = await parseBody(call, verifyRequestSchema);
        const verdict = await verification.verify(key, parsePurpose(purpose));
        return { status: 200, body: present(verdict) };
      },
    },
    {
      method: "POST",
      path: VERIFY_BATCH_PATH,
      access: "verifier",
      maxBodyBytes: MAX_BATCH_BYTES,
      async respond(call) {
        const { keys, ...purpose } = await parseBody(call, verifyBatchRequestSchema);
        const verdicts = await verification.verifyAll(keys, parsePurpose(purpose));
        const body: Verifications = { results: verdicts.map(present) };
        return { status: 200, body };
      },
    },
    {
      method: "GET",
      path: AUTH_PATH,
      access: "verifier",
      async respond({ header, query }) {
        const purpose = query === "" ? undefined : parseQueryPurpose(query);
        const key = presentedKey(header);
        return key === undefined
          ? UNAUTHORIZED
          : authorize(await verification.verify(key, purpose));
      },
      respondNow({ header, query }) {
        const purpose = query === "" ? undefined : parseQueryPurpose(query);
        const key = presentedKey(header);
        if (key === undefined) return UNAUTHORIZED;
        const verdict = verification.verifyNow(key, purpose);
        return verdict && authorize(verdict);
      },
    },
  ];
}

/** A thousand keys of 36 characters are 39 kB; other tokens that are presented may be longer. */
const MAX_BATCH_BYTES = 256 * 1024;

/**
 * RFC 6750, section 3: without an error code, which would tell an outsider what is wrong. Without
 * the length, node would send no chunks in chunks.
 */
const UNAUTHORIZED: Reply = {
  status: 401,
  headers: { "WWW-Authenticate": "Bearer", "Content-Length": "0" },
};

/** Says what a verdict means to a web server. */
function authorize(verdict: Verdict): Reply {
  if (verdict.code !== "VALID") return UNAUTHORIZED;
  return { status: 204, headers: { "X-Apikey-Alias": encodeAlias(verdict.alias) } };
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
