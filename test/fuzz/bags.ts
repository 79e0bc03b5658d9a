import { OID } from "../../src/pkcs12/oid.ts";
import { TAG } from "../../src/pkcs12/tag.ts";
import {
  bmpString,
  explicit,
  integer,
  nothing,
  objectIdentifier,
  octetString,
  sequence,
  set,
} from "./build.ts";
import { ENTRY_PASSWORD, STORE_PASSWORD } from "./passwords.ts";
import type { Value } from "./value.ts";

export const BAG = {
  KEY: "1.2.840.113549.1.12.10.1.1",
  SHROUDED_KEY: OID.PKCS8_SHROUDED_KEY_BAG,
  CERT: "1.2.840.113549.1.12.10.1.3",
  CRL: "1.2.840.113549.1.12.10.1.4",
  SECRET: OID.SECRET_BAG,
  SAFE_CONTENTS: "1.2.840.113549.1.12.10.1.6",
} as const;

export const CMS = {
  DATA: OID.DATA,
  SIGNED_DATA: "1.2.840.113549.1.7.2",
  ENVELOPED_DATA: "1.2.840.113549.1.7.3",
  ENCRYPTED_DATA: OID.ENCRYPTED_DATA,
} as const;

/** PBES2 (RFC 8018 appendix A.4) with an IV of as many octets as `ivBytes`. */
export function pbes2(prf: string, cipher: string, iterations = 2, ivBytes = 16): Value {
  const salt = new Uint8Array(20).fill(iterations);
  const parameters = sequence(
    octetString(salt),
    integer(iterations),
    sequence(objectIdentifier(prf), nothing()),
  );
  return sequence(
    objectIdentifier(OID.PBES2),
    sequence(
      sequence(objectIdentifier(OID.PBKDF2), parameters),
      sequence(objectIdentifier(cipher), octetString(new Uint8Array(ivBytes).fill(7))),
    ),
  );
}

/** A PBE of RFC 7292 appendix C. */
export function pbe(algorithm: string, iterations = 3): Value {
  const salt = octetString(new Uint8Array(8).fill(iterations));
  return sequence(objectIdentifier(algorithm), sequence(salt, integer(iterations)));
}

export const USUAL_SCHEME = (): Value => pbes2(OID.HMAC_SHA256, OID.AES_256_CBC);

export function attribute(type: string, ...values: Value[]): Value {
  return sequence(objectIdentifier(type), set(...values));
}

export function friendlyName(name: string): Value {
  return attribute(OID.FRIENDLY_NAME, bmpString(name));
}

export function localKeyId(text: string): Value {
  return attribute(OID.LOCAL_KEY_ID, octetString(Buffer.from(text, "latin1")));
}

export function safeBag(bagId: string, bagValue: Value, ...attributes: Value[]): Value {
  const bagAttributes = attributes.length > 0 ? [set(...attributes)] : [];
  return sequence(objectIdentifier(bagId), explicit(bagValue), ...bagAttributes);
}

/** An API key, or another secret, as Java stores it. */
export function secretBag(
  name: string,
  payload: string | Uint8Array,
  scheme = USUAL_SCHEME(),
): Value {
  return safeBag(
    BAG.SECRET,
    secret(payload, scheme),
    friendlyName(name),
    localKeyId("Time 1700000000000"),
  );
}

export function secret(payload: string | Uint8Array, scheme = USUAL_SCHEME()): Value {
  return sequence(
    objectIdentifier(OID.PKCS8_SHROUDED_KEY_BAG),
    explicit(octetString([shrouded(payload, scheme, ENTRY_PASSWORD)])),
  );
}

/** EncryptedPrivateKeyInfo (RFC 5958 section 3). */
export function shrouded(payload: string | Uint8Array, scheme: Value, password: string): Value {
  const info = sequence(
    integer(0),
    sequence(objectIdentifier(OID.AES), nothing()),
    octetString(Buffer.from(payload)),
  );
  return sequence(scheme, { ...octetString([info]), password });
}

export function contentInfo(type: string, content: Value): Value {
  return sequence(objectIdentifier(type), explicit(content));
}

export function data(...bags: Value[]): Value {
  return contentInfo(CMS.DATA, octetString([sequence(...bags)]));
}

export function encryptedData(scheme: Value, ...bags: Value[]): Value {
  const encryptedContent: Value = {
    tag: TAG.CONTEXT_0_PRIMITIVE,
    content: [sequence(...bags)],
    password: STORE_PASSWORD,
  };
  return contentInfo(
    CMS.ENCRYPTED_DATA,
    sequence(integer(0), sequence(objectIdentifier(CMS.DATA), scheme, encryptedContent)),
  );
}
