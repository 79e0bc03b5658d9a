import { utf16BigEndian } from "../../../src/pkcs12/der_writer.ts";
import { OID } from "../../../src/pkcs12/oid.ts";
import { TAG } from "../../../src/pkcs12/tag.ts";
import { attribute, BAG, CMS, pbe, pbes2 } from "../bags.ts";
import { bmpString, integer, nothing, objectIdentifier, octetString } from "../build.ts";
import { ENTRY_PASSWORD, STORE_PASSWORD } from "../passwords.ts";
import type { Random } from "../random.ts";
import { encodeContent, type Slot, type Value, valueAt } from "../value.ts";
import { type Mutator, octetsOf, replace } from "./mutator.ts";

/** What only a keystore has: bags, their attributes, what is sealed in them. */
export const KEYSTORE_MUTATORS: readonly Mutator[] = [
  { name: "other bag kind", weight: 6, fits: startsAsOneOf(BAG), apply: setBagKind },
  { name: "other content type", weight: 4, fits: startsAsOneOf(CMS), apply: setContentType },
  { name: "attribute added", weight: 3, fits: isAttributes, apply: addAttribute },
  { name: "attribute values", weight: 10, fits: isAttribute, apply: setAttributeValues },
  {
    name: "odd name",
    weight: 8,
    fits: ({ value }) => value.tag === TAG.BMP_STRING,
    apply: setName,
  },
  { name: "odd salt", weight: 20, fits: isSalt, apply: setSalt },
  { name: "other scheme", weight: 15, fits: isScheme, apply: setScheme },
  { name: "other password", weight: 3, fits: isSealed, apply: setPassword },
  { name: "ciphertext damaged", weight: 8, fits: isSealed, apply: damageCiphertext },
  { name: "odd payload", weight: 10, fits: isPayload, apply: setPayload },
];

const NAMES = [
  "",
  "api_key:",
  "API_KEY:X",
  "api_key:\ud800",
  "api_key:\udc00\ud800",
  "api_key:a\0b",
  "api_key:__proto__",
  "api_key:../..",
  "api_key:İ",
  "api_key:k0",
  "masterkey",
  "x".repeat(5_000),
];
const SALT_BYTES = [0, 1, 8, 20, 63, 64, 65, 128, 129, 1_024, 1_025, 70_000];
const PAYLOADS = [
  "",
  "__",
  "a__",
  "a__2031-12-31T23:59:59",
  "a__2031-13-31T23:59",
  "\0",
  "é".repeat(999),
];
const DATES = [
  "Time 0",
  "Time 999999999999999",
  "Time 9999999999999999",
  "Time -1",
  "time 1",
  "Time 1\n",
];
const PRFS = [
  OID.HMAC_SHA1,
  OID.HMAC_SHA224,
  OID.HMAC_SHA384,
  OID.HMAC_SHA512,
  "1.2.840.113549.2.5",
];
const PBES = [OID.PBE_SHA1_3KEY_3DES_CBC, OID.PBE_SHA1_2KEY_3DES_CBC, "1.2.840.113549.1.12.1.6"];

function startsAsOneOf(identifiers: Readonly<Record<string, string>>): Mutator["fits"] {
  const known = new Set(Object.values(identifiers).map(identifierText));
  return ({ value }) => {
    const first = valueAt(value, 0);
    return first?.tag === TAG.OBJECT_IDENTIFIER && known.has(text(octetsOf(first)));
  };
}

function identifierText(dotted: string): string {
  return text(octetsOf(objectIdentifier(dotted)));
}

function text(octets: Uint8Array): string {
  return Buffer.from(octets).toString("latin1");
}

function setIdentifier({ value }: Slot, dotted: string): void {
  if (Array.isArray(value.content)) value.content[0] = objectIdentifier(dotted);
}

function setBagKind(slot: Slot, random: Random): void {
  setIdentifier(slot, random.pick([...Object.values(BAG), "1.2.3.4"]));
}

function setContentType(slot: Slot, random: Random): void {
  setIdentifier(slot, random.pick([...Object.values(CMS), "1.2.3.4"]));
}

function isAttribute({ value }: Slot): boolean {
  return value.tag === TAG.SEQUENCE && valueAt(value, 0)?.tag === TAG.OBJECT_IDENTIFIER &&
    valueAt(value, 1)?.tag === TAG.SET;
}

function isAttributes({ value }: Slot): boolean {
  return value.tag === TAG.SET && valueAt(value, 0)?.tag === TAG.SEQUENCE;
}

function addAttribute({ value }: Slot, random: Random): void {
  const type = random.pick([OID.FRIENDLY_NAME, OID.LOCAL_KEY_ID, "2.25.42"]);
  if (!Array.isArray(value.content)) return;
  const at = random.below(value.content.length + 1);
  value.content.splice(at, 0, attribute(type, ...someValues(random)));
}

function setAttributeValues({ value }: Slot, random: Random): void {
  const values = valueAt(value, 1);
  if (values !== undefined) values.content = someValues(random);
}

function someValues(random: Random): Value[] {
  const choices: (() => Value)[] = [
    () => bmpString(random.pick(NAMES)),
    () => octetString(Buffer.from(random.pick(DATES), "latin1")),
    () => ({ tag: 0x0c, content: Buffer.from("api_key:utf8") }),
    nothing,
    () => integer(random.below(1_000)),
  ];
  return Array.from({ length: random.below(4) }, () => random.pick(choices)());
}

function setName({ value }: Slot, random: Random): void {
  const octets = utf16BigEndian(random.pick(NAMES));
  value.content = random.oneIn(4) ? octets.subarray(1) : octets;
}

/** An OCTET STRING before an INTEGER is a salt: PBES1, PBES2 and MacData have it so. */
function isSalt({ value, siblings, index }: Slot): boolean {
  return value.tag === TAG.OCTET_STRING && siblings[index + 1]?.tag === TAG.INTEGER;
}

function setSalt({ value }: Slot, random: Random): void {
  value.content = new Uint8Array(random.pick(SALT_BYTES)).fill(5);
}

function isSealed({ value }: Slot): boolean {
  return value.password !== undefined;
}

function isScheme({ siblings, index }: Slot): boolean {
  return siblings[index + 1]?.password !== undefined;
}

function setScheme(slot: Slot, random: Random): void {
  const iterations = 1 + random.below(9);
  const ciphers = [[OID.AES_128_CBC, 16], [OID.AES_256_CBC, 16], [OID.DES_EDE3_CBC, 8]] as const;
  const [cipher, ivBytes] = random.pick(ciphers);
  const isPbe = random.oneIn(3);
  replace(
    slot,
    isPbe
      ? pbe(random.pick(PBES), iterations)
      : pbes2(random.pick(PRFS), cipher, iterations, random.oneIn(9) ? 12 : ivBytes),
  );
}

function setPassword({ value }: Slot, random: Random): void {
  value.password = random.pick([STORE_PASSWORD, ENTRY_PASSWORD, ""]);
}

function damageCiphertext({ value, siblings, index }: Slot, random: Random): void {
  const octets = encodeContent(value, siblings[index - 1]).slice();
  delete value.password;
  const at = random.below(octets.length);
  octets[at] = (octets[at] ?? 0) ^ 1;
  value.content = random.oneIn(3) ? octets.subarray(0, at) : octets;
}

/** The privateKey of a PrivateKeyInfo. */
function isPayload({ value, siblings, index }: Slot): boolean {
  return index === 2 && value.tag === TAG.OCTET_STRING && siblings[0]?.tag === TAG.INTEGER &&
    siblings[1]?.tag === TAG.SEQUENCE;
}

function setPayload({ value }: Slot, random: Random): void {
  value.content = random.oneIn(4) ? random.bytes(20) : Buffer.from(random.pick(PAYLOADS));
}
