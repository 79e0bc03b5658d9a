import { hash, randomBytes } from "node:crypto";

declare const brand: unique symbol;

/** What is kept of a key to recognise it by, in this process and as long as it runs. */
export type KeyDigest = string & { readonly [brand]: "KeyDigest" };

/**
 * Goes before every key: how long it takes to look a digest up may tell something about digests in
 * memory, but nobody outside can tell which key would have a similar one. With 16 characters of it a
 * UUID is still one block of SHA-256.
 */
const PEPPER = randomBytes(12).toString("base64");

/**
 * The SHA-256 digest of a key. No slow hash: there is nothing to guess in 122 random bits.
 *
 * @param key in UTF-8 where it is bytes; what is presented may have any length
 */
export function digestKey(key: string | Uint8Array): KeyDigest {
  if (typeof key === "string") return digest(PEPPER + key);
  const octets = Buffer.concat([Buffer.from(PEPPER), key]);
  try {
    return digest(octets);
  } finally {
    // Buffers share memory that outlives them.
    octets.fill(0);
  }
}

/** A text can be a Map's key; any other encoding than this takes Deno several times as long. */
function digest(data: string | Uint8Array): KeyDigest {
  return hash("sha256", data, "hex") as KeyDigest;
}
