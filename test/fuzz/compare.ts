import { berToDer } from "../../src/pkcs12/ber.ts";
import { CMS } from "./bags.ts";
import { isPrivateKeyInfo } from "./pkijs_view.ts";
import { parseValues, slotsBelow } from "./value.ts";
import type { BagView, OwnBagView, OwnPartView, OwnView, PartView, View } from "./view.ts";

/** Something that the program and pkijs see differently. */
export interface Difference {
  readonly what: string;
  /** One of {@link TOLERATED}; undefined for what must not be. */
  readonly tolerated: keyof typeof TOLERATED | undefined;
}

/** Differences that are no defect of this program's, and why. */
export const TOLERATED = {
  "scheme": "pkijs has no PBE of RFC 7292 appendix C, no 3DES and no SHA-224",
  "garbage":
    "asn1js refuses all of a SafeContents for octets in it that nobody needs to take apart",
  "bag value": "pkijs knows a bag by its value, and gives up with one that it cannot parse",
  "large arcs": "identifiers with arcs beyond 53 bits are told apart here by their octets only",
  "after the key": "what follows the key in a PrivateKeyInfo is not looked at (RFC 5958 section 2)",
  "strict": "the bag is not what RFC 7292, RFC 8018 or X.690 say: see STRICTER",
} as const;

/**
 * Why something is refused here that pkijs reads, by the reason given. Where it is pkijs that is
 * right, it says so.
 */
export const STRICTER: Readonly<Record<string, string>> = {
  "INTEGER out of range": "a limit: no version, count or length takes more than 48 bits",
  "IV of a wrong size": "RFC 8018 appendix B.2",
  "NULL with content": "X.690 section 8.8.2",
  "PrivateKeyInfo of an unknown version": "RFC 5958 section 2: 0 or 1",
  "bad OID": "X.690 section 8.19.2: ends in the middle of an arc, or has none",
  "bad decrypt": "a part that does not open: it is damaged, pkijs leaves that to its caller",
  "end in the middle of a value": "X.690 section 8.1.5: no end-of-contents",
  "endless OID": "a limit",
  "endless salt": "a limit",
  "high tag number": "none occurs in a PFX",
  "indefinite length": "pkijs is right: BER in an OCTET STRING. Java and NSS write DER there",
  "indefinite length of octets": "X.690 section 8.1.3.2",
  "it asks for N iterations of its key derivation; N are the most": "a limit",
  "it has more than N entries": "a limit",
  "it has more than N values": "a limit",
  "key length that does not fit the cipher": "RFC 8018 appendix A.2",
  "length beyond the end": "X.690 section 8.1.3: asn1js reads on behind the value around it",
  "length out of range": "the same",
  "long length": "pkijs is right: as with an indefinite length",
  "negative or empty INTEGER": "X.690 section 8.3.1; RFC 8018 has no negative counts",
  "nested too deep": "a limit",
  "no iterations": "RFC 8018 appendix A.2: 1 or more",
  "no length": "X.690 section 8.1.3",
  "not version N": "RFC 7292 section 4: 3",
  "padded INTEGER": "X.690 section 8.3.2",
  "segment of another type": "X.690 section 8.7.3.2",
  "segments": "pkijs is right: as with an indefinite length",
  "tag N": "X.690 section 8.1.5: end-of-contents where nothing ends; or a high tag number",
  "tag N where N belongs": "RFC 7292: another type is due",
  "tag undefined where N belongs": "RFC 7292: something is missing",
  "tag undefined where undefined belongs": "RFC 7292 section 4.2: a bag without a value",
  "trailing bytes": "RFC 7292: more in a value than its type has",
  "unsupported cipher aes-N-cbc": "pkijs is right: Deno's node:crypto has no AES-192",
  "unsupported key derivation N": "RFC 8018 section 6.2: pkijs takes any identifier for PBKDF2",
  "wrong final block length": "as with a bad decrypt",
};

/** Everything that two readers who accepted a file, and found its MAC true, see differently. */
export function compareViews(own: OwnView, pkijs: View): Difference[] {
  if (own.parts.length !== pkijs.parts.length) {
    const isGarbage = hasGarbage(own.authenticatedSafe);
    return [untolerated("number of parts", own.parts.length, pkijs.parts.length, isGarbage)];
  }
  return own.parts.flatMap((part, index) => comparePart(part, pkijs.parts[index] as PartView));
}

function comparePart(own: OwnPartView, pkijs: PartView): Difference[] {
  const differences: Difference[] = [];
  if (own.contentType !== pkijs.contentType) {
    const tolerated = hasLargeArcs(own.contentType) ? "large arcs" : undefined;
    differences.push({ what: `content type ${own.contentType}`, tolerated });
  }
  if (own.bags === undefined && pkijs.bags === undefined) return differences;
  if (own.safeContents === undefined || pkijs.safeContents === undefined) {
    const blind = own.bags === undefined ? "strict" : "scheme";
    const tolerated = own.contentType === CMS.ENCRYPTED_DATA ? blind : undefined;
    return [...differences, { what: `part that only one sees: ${own.contentType}`, tolerated }];
  }
  if (derOf(own.safeContents) !== derOf(pkijs.safeContents)) {
    differences.push(untolerated("SafeContents", own.safeContents, pkijs.safeContents));
  }
  return [...differences, ...compareBags(own, pkijs)];
}

function compareBags(own: OwnPartView, pkijs: PartView): Difference[] {
  if (pkijs.bags === undefined) return [{ what: "SafeContents", tolerated: "garbage" }];
  const isGarbage = own.safeContents !== undefined && hasGarbage(own.safeContents);
  if (own.bags?.length !== pkijs.bags.length) {
    return [untolerated("number of bags", own.bags?.length, pkijs.bags.length, isGarbage)];
  }
  return own.bags.flatMap((bag, index) => compareBag(bag, pkijs.bags?.[index], isGarbage));
}

function compareBag(
  own: OwnBagView,
  pkijs: BagView | undefined,
  isGarbage: boolean,
): Difference[] {
  if (pkijs === undefined) return [{ what: `bag ${own.bagId}`, tolerated: "bag value" }];
  const differences: Difference[] = [];
  for (const name of ["bagId", "friendlyName", "localKeyId"] as const) {
    if (own[name] === pkijs[name]) continue;
    differences.push(untolerated(name, own[name], pkijs[name], isGarbage));
  }
  if (own.secret === pkijs.secret) return differences;
  return [...differences, compareSecret(own, pkijs)];
}

function compareSecret(own: OwnBagView, pkijs: BagView): Difference {
  const what = `secret ${own.secret} (${own.problem ?? own.scheme}) instead of ${pkijs.secret}`;
  if (own.secret === undefined) {
    return { what, tolerated: (own.problem ?? "") in STRICTER ? "strict" : undefined };
  }
  if (pkijs.secret !== undefined) return { what, tolerated: undefined };
  if (!/^PBES2 sha(1|256|384|512) aes/.test(own.scheme ?? "")) return { what, tolerated: "scheme" };
  const isPlain = own.privateKeyInfo !== undefined && isPrivateKeyInfo(own.privateKeyInfo);
  return { what, tolerated: isPlain ? undefined : "after the key" };
}

/** @param isGarbage whether asn1js may have stumbled */
function untolerated(what: string, own: unknown, pkijs: unknown, isGarbage = false): Difference {
  return {
    what: `${what}: ${text(own)} instead of ${text(pkijs)}`,
    tolerated: isGarbage ? "garbage" : undefined,
  };
}

function text(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);
}

/** In hexadecimal, whichever way it was written; undefined for what is not BER all through. */
function derOf(bytes: Uint8Array | undefined): string | undefined {
  try {
    return bytes && Buffer.from(berToDer(bytes)).toString("hex");
  } catch {
    return undefined;
  }
}

/** Whether something in it is not BER all through, even in OCTET STRINGs that look like a value. */
function hasGarbage(bytes: Uint8Array): boolean {
  const der = derOf(bytes);
  const values = der && parseValues(Buffer.from(der, "hex"));
  if (!values) return true;
  return slotsBelow({ tag: 0, content: values }).some(({ value: { tag, content } }) =>
    content instanceof Uint8Array && ((tag & 0x20) !== 0 || (tag === 0x04 && content[0] === 0x30))
  );
}

function hasLargeArcs(dotted: string): boolean {
  return dotted.split(".").some((arc) => !Number.isSafeInteger(Number(arc)));
}
