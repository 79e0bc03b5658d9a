import type { ErrorCode } from "../src/errors.ts";

/** Of requests: by the path in a schema, or by the name alone for all that say nothing else. */
export const REQUEST_TEXTS: Readonly<Record<string, string>> = {
  "alias": "The key's name; letter case does not matter",
  "description": "What the key is for",
  "owner": "Whose key it is",
  "scopes":
    "What it may be used for: one scope, or with an asterisk all that begin so; anything if " +
    "there is none",
  "networks":
    "From where it may be used: addresses, or networks in CIDR notation; from anywhere if " +
    "there is none",
  "disabled": "Whether everybody refuses it until it is enabled again",
  "expiresAt": "RFC 3339, in any zone; at most one of the three that say when it expires",
  "expiresOn": "By the wall clock of the keystore's host, a day of the calendar",
  "expiresInSeconds": "From its creation on",
  "key": "The key itself, or whatever has been presented as one",
  "scope": "What the key must be good for; without it what it is restricted to does not matter",
  "clientAddress": "From where the key comes, an IP address; without it keys that are bound to " +
    "networks are refused",
  "pkcs12": "A PKCS#12 file",

  "KeyRevision.description": "What the key is for; null or an empty text removes it",
  "KeyRevision.owner": "Whose key it is; null or an empty text removes it",
  "KeyRevision.alias": "Another name for the key",
  "Rotation.graceSeconds": "For how long the key before goes on; 0 for no longer",

  "Import.pkcs12": "Another keystore: a PKCS#12 file",
  "Import.password": "Its store password; MetricsHub's built-in one unless given",
  "Import.offset": "How many of its keys to pass over; 0 unless given",
  "Import.limit": "How many of its keys to take; as many as can be unless given",
  "Import.keys": "In place of another keystore; none has the alias or the key of another",
  "Import.onConflict":
    "What to do where an alias has another key: refuse the whole request, skip it, or " +
    "replace that key",
  "ImportedKey.key": "The key itself",
  "ImportedKey.expiresOn": "By the wall clock of the keystore's host; may be past",

  "VerifyBatchRequest.keys": "What has been presented, each a key or not",
  "AuthQuery.clientAddress":
    "From where the key comes; what is no IP address counts as none, so that " +
    "keys that are bound to networks are refused",
  "Candidates.candidates": "What may be keys",
  "Restore.force": "Also a copy of which parts cannot be opened",
  "Rekey.password": "The new one; systemd's credential, or a random one, unless given",
  "Rekey.force": "Also where MetricsHub loses access, which knows none but its built-in password",
};

/** Of answers that no command prints as they are; all others are described as what it prints. */
export const RESPONSE_TEXTS: Readonly<Record<string, string>> = {
  "CreatedKey.key": "The key itself; it is never shown again",
  "RotatedKey.key": "The key itself; it is never shown again",
  "RotatedKey.previous": "The key before, where it goes on for a while",
  "Key.expired": "Whether everybody refuses it because of its expiry",
  "Verification.valid": "Whether the key may be accepted, for what it was presented for",
  "KeyList.keys": "In the keystore's order",
  "Imported.total":
    "How many keys there are to import in all, without those that others have replaced",
  "Imported.keys.outcome": "In a check, what it would be; `conflict` only there",
  "Imported.keys.sameAs": "Another alias that has this very key",
  "Imported.otherEntries": "What is in the other keystore besides API keys",
  "Imported.partial": "Whether part of it cannot be decrypted, so that there may be more keys",
  "Verifications.results": "In the order of the keys",
  "Occurrences.aliases": "Of each candidate in order: the aliases of the key that it is",
  "KeyFilter.seed": "For fingerprints of UUIDs; another one in every process",
  "KeyFilter.bitmap": "A bit for each fingerprint, modulo their number, which is a power of two",
  "KeystoreCopy.pkcs12": "The file",
  "AuditState.log": "A path, `journal`, or null where nobody keeps one",
  "AuditState.sequence": "Of the last record; 0 for none",
  "AuditState.hash": "Of the last record's line: SHA-256 in base64url; empty for none",
  "AuditState.certificate": "PEM; null as long as nothing has been signed",
  "AuditDigest.digest": "What records have in the key's place; null where none can have it",
  "EventData.alias": "Of the key; absent for what is about all keys",
  "EventData.at": "RFC 3339, UTC",
  "Health.status": "`degraded`: the file does not open any more, and its last good state is served",
  "Problem.title": "What the status is called",
  "Problem.status": "The same as the answer's",
  "Problem.code": "Never changes its meaning; later versions may have more of them",
  "Problem.detail": "For people; its wording may change",
  "Problem.requestId": "By which the daemon's log calls this request",
};

/** Of parameters in paths. */
export const PATH_TEXTS: Readonly<Record<string, string>> = {
  "alias": "The key's name; letter case does not matter",
};

/** When a problem document has a code. */
export const PROBLEM_TEXTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  ERR_ALIAS_EXISTS: "another key has that alias",
  ERR_ALIAS_UNKNOWN: "no key has that alias",
  ERR_AUDIT: "it could not be recorded in the audit log, so it was not done",
  ERR_BODY_TOO_LARGE: "the body is larger than `x-apikey-max-body-bytes`",
  ERR_EXPIRY_PAST: "the key would be expired from the start",
  ERR_FORBIDDEN: "the caller may not; see `x-apikey-access`",
  ERR_IMPORT_CONFLICT: "another alias has one of the keys",
  ERR_IMPORT_REFUSED: "the other keystore is damaged, or the password is wrong",
  ERR_INTERNAL: "a defect, which has been logged",
  ERR_INVALID_ALIAS: "no key can have that alias",
  ERR_INVALID_REQUEST: "the request is not as it is described here",
  ERR_KEYSTORE_IN_USE: "another program keeps the keystore",
  ERR_KEYSTORE_IO: "the keystore cannot be read or written",
  ERR_KEYSTORE_MISSING: "there is no keystore yet",
  ERR_KEYSTORE_UNREADABLE: "the keystore is damaged, or its password is wrong",
  ERR_KEYSTORE_UNSUPPORTED: "the keystore has something that this version cannot handle",
  ERR_KEY_DISABLED: "the key is disabled",
  ERR_KEY_RETIRED: "another key has taken this one's place: it can be revoked, and nothing else",
  ERR_MEDIA_TYPE: "the body is not called application/json",
  ERR_METADATA_UNSUPPORTED: "a later version has written what must not get lost",
  ERR_ORIGIN_FORBIDDEN: "the request comes from a web page",
  ERR_REKEY_REFUSED: "the new password could not be kept, or MetricsHub would lose access",
  ERR_RESTORE_REFUSED: "the copy is damaged, of another password, or cannot be opened as a whole",
  ERR_TOO_MANY_CONNECTIONS: "the caller's user has too many",
  ERR_TOO_MANY_REQUESTS: "the caller's user asks too often",
};

export const API_TEXT = `\
Manages the API keys in MetricsHub's keystore, and checks them.

**Transport.** HTTP/1.1 over a Unix domain socket; it is never on a network:
\`curl --unix-socket /run/metricshub/apikey.sock http://localhost/v1/status\`.

**Access.** No request authenticates its caller: who it is, the kernel has said when the connection
was accepted (peer credentials), and no header is asked. \`x-apikey-access\` says of each operation who
may call it: \`admin\` (root, the daemon's own user, and members of its admin group), \`verifier\` (the
same, and members of its verifier group), or \`anyone\` who can open the socket. Each user has a share
of connections and requests a second, and gets 429 beyond it. What is an administrator's refuses
requests with an \`Origin\`.

**Problems.** Errors are RFC 9457 problem documents. Go by \`code\`, which never changes its meaning.
Paths and methods that do not exist are 404 ERR_ROUTE_UNKNOWN and 405 ERR_METHOD_NOT_ALLOWED to an
administrator, and 403 to others. What never becomes a request is ERR_INVALID_REQUEST, too: 400 where
it is no HTTP, 408 where it takes too long, 411 where others than administrators do not say how long
the body is, 431 where the headers are too large.

**Compatibility.** Requests with unknown fields are refused, and so are unknown parameters where an
operation has any. Answers may get more fields, codes and
kinds of events: ignore what you do not know. None is removed, renamed, or given another meaning
within \`/v1\`. No answer may be cached.`;
