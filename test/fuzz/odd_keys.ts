import { OID } from "../../src/pkcs12/oid.ts";
import { pbe, pbes2, secretBag, USUAL_SCHEME } from "./bags.ts";
import { integer, nothing, objectIdentifier, octetString } from "./build.ts";
import { type Value, valueAt } from "./value.ts";

const UNKNOWN = "1.2.3.4";

/** API keys in bags that are in order, none of which opens, each for another reason. */
export function oddKeys(): Value[] {
  return ODDITIES.map((spoil, index) => {
    const bag = secretBag(`api_key:odd${index}`, "11111111-2222-4333-8444-555555555555");
    spoil(bag);
    return bag;
  });
}

type Spoil = (bag: Value) => void;

const ODDITIES: readonly Spoil[] = [
  set([1, 0, 0], () => objectIdentifier(UNKNOWN)),
  set([1, 0, 1, 0], nothing),
  scheme(() => pbes2(UNKNOWN, OID.AES_256_CBC)),
  scheme(() => pbes2(OID.HMAC_SHA256, UNKNOWN)),
  scheme(() => pbe(UNKNOWN)),
  scheme(() => pbes2(OID.HMAC_SHA256, OID.AES_256_CBC, 2, 15)),
  spoiledScheme([1, 0, 0], () => objectIdentifier(UNKNOWN)),
  spoiledScheme([1, 0, 1, 0], () => octetString(new Uint8Array(1_025))),
  spoiledScheme([1, 0, 1, 1], () => integer(10_000_001)),
  spoiledScheme([1, 0, 1, 1], () => integer(0)),
  spoiledScheme([1, 0, 1, 1], () => bareInteger(0x80)),
  spoiledScheme([1, 0, 1, 1], () => bareInteger(0, 1)),
  spoiledScheme([1, 0, 1, 1], () => bareInteger(1, 0, 0, 0, 0, 0, 0)),
  spoiledScheme([1, 0, 1, 2, 1], () => octetString(new Uint8Array())),
  spoiledScheme([1, 0, 1, 2], () => integer(16)),
  spoiledScheme([1, 0, 1, 2, 1], () => ({ ...nothing(), content: new Uint8Array(1) })),
  spoiledScheme([0], () => ({ tag: 0x06, content: Uint8Array.of(0x2a, 0x86) })),
  spoiledScheme([0], () => ({ tag: 0x06, content: new Uint8Array(65).fill(1) })),
  set([1, 0, 1, 0, 0, 1], () => octetString(new Uint8Array(32))),
  set([1, 0, 1, 0, 0, 1], () => octetString(new Uint8Array(33))),
  set([1, 0, 1, 0, 0, 1, 0, 0], () => integer(2)),
  set([1, 0, 1, 0, 0, 1, 0, 2], nothing),
  framed((tag, content) => Buffer.concat([Uint8Array.of(tag, 0x80), content, new Uint8Array(2)])),
  framed((tag, content) =>
    Buffer.concat([Uint8Array.of(tag, 0x83, 0, 0, content.length), content])
  ),
  framed((tag, content) => Buffer.concat([Uint8Array.of(tag, 0x85, 1, 1, 1, 1, 1), content])),
  framed((tag, content) => Buffer.concat([Uint8Array.of(tag, 0x7f), content])),
];

function set(path: readonly number[], make: () => Value): Spoil {
  return (bag) => {
    const parent = valueAt(bag, ...path.slice(0, -1));
    if (!Array.isArray(parent?.content)) throw new TypeError("no such path");
    parent.content[path.at(-1) ?? 0] = make();
  };
}

function scheme(make: () => Value): Spoil {
  return set([1, 0, 1, 0, 0, 0], make);
}

function spoiledScheme(path: readonly number[], make: () => Value): Spoil {
  return scheme(() => {
    const spoiled = USUAL_SCHEME();
    set(path, make)(spoiled);
    return spoiled;
  });
}

/** Written otherwise: the EncryptedPrivateKeyInfo. */
function framed(frame: NonNullable<Value["frame"]>): Spoil {
  return (bag) => {
    const info = valueAt(bag, 1, 0, 1, 0, 0);
    if (info !== undefined) info.frame = frame;
  };
}

function bareInteger(...octets: number[]): Value {
  return { tag: 0x02, content: Uint8Array.from(octets) };
}
