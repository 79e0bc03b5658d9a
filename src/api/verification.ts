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
import type { PeerCredentials } from "../model/peer_credentials.ts";
import type { Audit } from "../service/audit.ts";
import type { Purpose, Verdict, VerificationService } from "../service/verification.ts";
import { expiresAt } from "./instant.ts";
import { presentedKey } from "../protocol/presented_key.ts";
import { parsePurpose, parseQueryPurpose } from "./purpose.ts";
import { parseBody, type Reply, type Route } from "./route.ts";

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
    {
      method: "POST",
      path: VERIFY_PATH,
      access: "verifier",
      act: "verify",
      recorded: "refusals",
      async respond(call) {
        const { key, ...wanted } = await parseBody(call, verifyRequestSchema);
        const purpose = parsePurpose(wanted);
        const verdict = await verification.verify(key, purpose);
        return { status: 200, body: present(note(verdict, key, purpose, call.peer)) };
      },
    },
    {
      method: "POST",
      path: VERIFY_BATCH_PATH,
      access: "verifier",
      act: "verify",
      recorded: "refusals",
      maxBodyBytes: MAX_BATCH_BYTES,
      async respond(call) {
        const { keys, ...wanted } = await parseBody(call, verifyBatchRequestSchema);
        const purpose = parsePurpose(wanted);
        const verdicts = await verification.verifyAll(keys, purpose);
        for (const [index, key] of keys.entries()) {
          const verdict = verdicts[index];
          if (verdict !== undefined) note(verdict, key, purpose, call.peer);
        }
        const body: Verifications = { results: verdicts.map(present) };
        return { status: 200, body };
      },
    },
    {
      method: "GET",
      path: AUTH_PATH,
      access: "verifier",
      act: "verify",
      recorded: "refusals",
      async respond({ header, query, peer }) {
        const purpose = query === "" ? undefined : parseQueryPurpose(query);
        const key = presentedKey(header);
        if (key === undefined) return UNAUTHORIZED;
        return authorize(note(await verification.verify(key, purpose), key, purpose, peer));
      },
      respondNow({ header, query, peer }) {
        const purpose = query === "" ? undefined : parseQueryPurpose(query);
        const key = presentedKey(header);
        if (key === undefined) return UNAUTHORIZED;
        const verdict = verification.verifyNow(key, purpose);
        return verdict && authorize(note(verdict, key, purpose, peer));
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
