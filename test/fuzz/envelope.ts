import { createHmac } from "node:crypto";
import { bmpPassword, portablePkcs12Kdf, PURPOSE } from "../../src/pkcs12/key_derivation.ts";
import { OID } from "../../src/pkcs12/oid.ts";
import type { Digest } from "../../src/platform/pkcs12_kdf.ts";
import { explicit, integer, nothing, objectIdentifier, octetString, sequence } from "./build.ts";
import type { Value } from "./value.ts";

export interface Mac {
  readonly digest: Digest;
  readonly salt: Uint8Array;
  /** undefined: left out, which means 1 */
  readonly iterations: number | undefined;
}

const DIGESTS = {
  sha1: { identifier: OID.SHA1, bytes: 20 },
  sha224: { identifier: OID.SHA224, bytes: 28 },
  sha256: { identifier: OID.SHA256, bytes: 32 },
  sha384: { identifier: OID.SHA384, bytes: 48 },
  sha512: { identifier: OID.SHA512, bytes: 64 },
} as const;

export const MAC_DIGESTS = Object.keys(DIGESTS) as Digest[];

const MAX_REMEMBERED = 1_000;
const derived = new Map<string, Uint8Array>();

/** A PFX around an AuthenticatedSafe, whatever is in that, with the MAC that belongs to it. */
export function sealPfx(authenticatedSafe: Uint8Array, password: string, mac: Mac): Value {
  const { identifier } = DIGESTS[mac.digest];
  const digest = createHmac(mac.digest, macKey(password, mac)).update(authenticatedSafe).digest();
  const iterations = mac.iterations === undefined ? [] : [integer(mac.iterations)];
  return sequence(
    integer(3),
    sequence(objectIdentifier(OID.DATA), explicit(octetString(authenticatedSafe))),
    sequence(
      sequence(sequence(objectIdentifier(identifier), nothing()), octetString(digest)),
      octetString(mac.salt),
      ...iterations,
    ),
  );
}

function macKey(password: string, { digest, salt, iterations = 1 }: Mac): Uint8Array {
  const name = `${password} ${digest} ${iterations} ${Buffer.from(salt).toString("hex")}`;
  let key = derived.get(name);
  if (key === undefined) {
    if (derived.size >= MAX_REMEMBERED) derived.clear();
    key = portablePkcs12Kdf({
      digest,
      password: bmpPassword(password),
      salt,
      purpose: PURPOSE.MAC,
      iterations,
      bytes: DIGESTS[digest].bytes,
    });
    derived.set(name, key);
  }
  return key;
}
