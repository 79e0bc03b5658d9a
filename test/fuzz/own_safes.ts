import { OID } from "../../src/pkcs12/oid.ts";
import {
  attribute,
  BAG,
  CMS,
  contentInfo,
  data,
  encryptedData,
  friendlyName,
  localKeyId,
  pbe,
  pbes2,
  safeBag,
  secret,
  secretBag,
  shrouded,
  USUAL_SCHEME,
} from "./bags.ts";
import { bmpString, nothing, objectIdentifier, octetString, sequence, set } from "./build.ts";
import { oddKeys } from "./odd_keys.ts";
import { STORE_PASSWORD } from "./passwords.ts";
import { sealUnderAny } from "./sealing.ts";
import { encodeContent, encodeValue, slotsBelow, type Value } from "./value.ts";

const KEY = "9a2f6a1e-7f0c-4b53-8a39-3de8a2a9d0c4";
const RC2_40 = "1.2.840.113549.1.12.1.6";

/** AuthenticatedSafes with what Java's files do not show, by name. */
export const OWN_SAFES: Readonly<Record<string, () => Value>> = {
  "own-empty": () => sequence(),
  "own-empty-parts": () => sequence(data(), encryptedData(USUAL_SCHEME()), data()),
  "own-schemes": () =>
    sequence(data(...SCHEMES.map((scheme, i) => secretBag(`api_key:s${i}`, KEY, scheme())))),
  "own-aes-192": () => {
    const scheme = () => pbes2(OID.HMAC_SHA224, OID.AES_192_CBC, 2);
    return sealed(sequence(
      encryptedData(scheme(), certificate("aes-192")),
      data(secretBag("api_key:aes-192", KEY, scheme())),
    ));
  },
  "own-encrypted-keys": () => {
    const scheme = pbes2(OID.HMAC_SHA512, OID.AES_128_CBC, 5);
    return sequence(encryptedData(scheme, secretBag("api_key:in", KEY), certificate("ca")));
  },
  "own-legacy-parts": () =>
    sequence(
      encryptedData(pbe(OID.PBE_SHA1_2KEY_3DES_CBC), certificate("two-key")),
      encryptedData(pbe(OID.PBE_SHA1_3KEY_3DES_CBC, 10), certificate("three-key")),
      data(secretBag("api_key:old", KEY, pbe(OID.PBE_SHA1_3KEY_3DES_CBC))),
    ),
  "own-opaque-parts": () =>
    sequence(
      contentInfo(CMS.ENVELOPED_DATA, sequence(nothing())),
      encryptedData(pbe(RC2_40), certificate("rc2")),
      data(secretBag("api_key:seen", KEY)),
    ),
  "own-bag-kinds": () => sequence(data(...bagKinds())),
  "own-names": () =>
    sequence(data(...NAMES.map((name) => secretBag(name, KEY)), ...unusuallyNamed())),
  "own-odd-keys": () => sequence(data(...oddKeys())),
  "own-payloads": () =>
    sequence(data(...PAYLOADS.map((text, i) => secretBag(`api_key:p${i}`, text)))),
  "own-many-parts": () =>
    sequence(
      ...Array.from({ length: 8 }, (_, i) => data(secretBag(`api_key:d${i}`, KEY))),
      ...Array.from({ length: 4 }, (_, i) => encryptedData(USUAL_SCHEME(), certificate(`c${i}`))),
    ),
};

const SCHEMES: readonly (() => Value)[] = [
  () => pbes2(OID.HMAC_SHA1, OID.AES_128_CBC, 1),
  () => pbes2(OID.HMAC_SHA224, OID.AES_128_CBC, 2),
  () => pbes2(OID.HMAC_SHA384, OID.AES_256_CBC, 3),
  () => pbes2(OID.HMAC_SHA512, OID.DES_EDE3_CBC, 4, 8),
  () => pbe(OID.PBE_SHA1_3KEY_3DES_CBC, 5),
  () => pbe(OID.PBE_SHA1_2KEY_3DES_CBC, 6),
];

/** With all that is to be sealed sealed for good: not every runtime could do it again. */
function sealed(root: Value): Value {
  for (const { value, siblings, index } of slotsBelow(root).reverse()) {
    const algorithm = siblings[index - 1];
    const { password } = value;
    if (password === undefined || algorithm === undefined) continue;
    delete value.password;
    value.content = sealUnderAny(encodeValue(algorithm), password, encodeContent(value));
  }
  return root;
}

const NAMES = [
  "api_key:plain",
  "API_KEY:Upper",
  "api_key:plain",
  "api_key:",
  "api_key:ümlaut 😀",
  "api_key:__proto__",
  `api_key:${"long".repeat(100)}`,
  "masterkey",
];

const PAYLOADS = [
  KEY,
  `${KEY}__2031-12-31T23:59:59`,
  `${KEY}__2021-06-30T12:00`,
  `${KEY}__tomorrow`,
  `${KEY}__2031-02-30T00:00:00__more`,
  "short",
  "",
  "\u{10ffff}\0__",
];

function unusuallyNamed(): Value[] {
  return [
    safeBag(BAG.SECRET, secret(KEY)),
    safeBag(BAG.SECRET, secret(KEY), friendlyName("api_key:a"), friendlyName("api_key:b")),
    safeBag(BAG.SECRET, secret(KEY), localKeyId("Time 1"), friendlyName("api_key:c")),
    safeBag(
      BAG.SECRET,
      secret(KEY),
      friendlyName("api_key:d"),
      attribute("2.25.42", bmpString("x")),
    ),
  ];
}

function bagKinds(): Value[] {
  const info = sequence(nothing());
  return [
    safeBag(BAG.KEY, info, friendlyName("key")),
    safeBag(
      BAG.SHROUDED_KEY,
      shrouded("key", USUAL_SCHEME(), STORE_PASSWORD),
      friendlyName("shrouded"),
    ),
    certificate("certificate"),
    safeBag(BAG.CRL, info),
    safeBag(BAG.SAFE_CONTENTS, sequence(secretBag("api_key:nested", KEY)), friendlyName("bags")),
    safeBag(BAG.KEY, info, friendlyName("api_key:no-secret")),
    safeBag("1.2.3.4", set(), friendlyName("unknown")),
    secretBag("api_key:secret", KEY),
  ];
}

/** A CertBag (RFC 7292 section 4.2.3) around what need not be a certificate. */
function certificate(name: string): Value {
  const x509 = objectIdentifier("1.2.840.113549.1.9.22.1");
  const certificate = octetString(Buffer.from(`certificate of ${name}`));
  const bag = sequence(x509, { tag: 0xa0, content: [certificate] });
  return safeBag(BAG.CERT, bag, friendlyName(name), localKeyId("Time 1600000000000"));
}
