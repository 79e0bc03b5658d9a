import { Buffer } from "node:buffer";
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseAlias } from "../../src/model/alias.ts";
import type { Instant } from "../../src/model/instant.ts";
import { Secret } from "../../src/model/secret.ts";
import { ENTRY_PASSWORD } from "../../src/keystore/api_key_entry.ts";
import { indexContent } from "../../src/keystore/keystore_content.ts";
import { KeystoreDraft } from "../../src/keystore/keystore_draft.ts";
import { decodePfx, encodePfx } from "../../src/pkcs12/pfx.ts";
import { openSecretBag } from "../support/secret_bag.ts";
import { FIXTURES, keysOf, readFixture } from "../support/fixtures.ts";

/*
 * Our reader against pkijs's, on files that Java wrote and on files that we wrote: both must see the
 * same bags, names and secrets. pkijs knows no PBE of RFC 7292, so the legacy fixtures stay out.
 */
const MODERN = FIXTURES.filter(({ name }) => name.startsWith("jdk17"));

interface Entry {
  readonly bagId: string;
  readonly name: string | undefined;
  /** In hexadecimal, for secret bags. */
  readonly secret: string | undefined;
}

function bytesOf(text: string): ArrayBuffer {
  return new Uint8Array(new TextEncoder().encode(text)).buffer;
}

async function readWithPkijs(bytes: Uint8Array<ArrayBuffer>, password: string): Promise<Entry[]> {
  const pfx = pkijs.PFX.fromBER(bytes.buffer);
  await pfx.parseInternalValues({ password: bytesOf(password), checkIntegrity: true });
  const { authenticatedSafe } = pfx.parsedValue ?? {};
  assert.ok(authenticatedSafe);
  const safeContents = authenticatedSafe.safeContents.map((content) =>
    content.contentType === pkijs.ContentInfo.ENCRYPTED_DATA ? { password: bytesOf(password) } : {}
  );
  await authenticatedSafe.parseInternalValues({ safeContents });
  const entries: Entry[] = [];
  for (const { value } of authenticatedSafe.parsedValue.safeContents) {
    for (const bag of (value as pkijs.SafeContents).safeBags) {
      const name = bag.bagAttributes?.find(({ type }) => type === "1.2.840.113549.1.9.20");
      entries.push({
        bagId: bag.bagId,
        name: (name?.values[0] as asn1js.BmpString | undefined)?.getValue(),
        secret: bag.bagValue instanceof pkijs.SecretBag
          ? await openWithPkijs(bag.bagValue)
          : undefined,
      });
    }
  }
  return entries;
}

async function openWithPkijs(bag: pkijs.SecretBag): Promise<string | undefined> {
  const value = bag.secretValue as unknown as asn1js.OctetString;
  const shrouded = pkijs.PKCS8ShroudedKeyBag.fromBER(value.getValue());
  try {
    await (shrouded as unknown as {
      parseInternalValues(parameters: { password: ArrayBuffer }): Promise<void>;
    }).parseInternalValues({ password: bytesOf(ENTRY_PASSWORD) });
  } catch {
    return undefined;
  }
  const { privateKey } = shrouded.parsedValue ?? {};
  return privateKey && Buffer.from(privateKey.valueBlock.valueHexView).toString("hex");
}

async function readWithOurs(bytes: Uint8Array, password: string): Promise<Entry[]> {
  const { contents } = await decodePfx(bytes, keysOf(password));
  const entryKeys = keysOf(ENTRY_PASSWORD);
  const entries: Entry[] = [];
  for (const bag of contents.flatMap((content) => content.bags ?? [])) {
    let secret: string | undefined;
    if (bag.bagId === "1.2.840.113549.1.12.10.1.5") {
      secret = await openSecretBag(bag.bagValue, entryKeys)
        .then((payload) => Buffer.from(payload).toString("hex"), () => undefined);
    }
    entries.push({ bagId: bag.bagId, name: bag.friendlyName, secret });
  }
  return entries;
}

for (const { name, password } of MODERN) {
  test(`sees in ${name} what pkijs sees`, async () => {
    const bytes = readFixture(name);
    const expected = await readWithPkijs(bytes, password);
    assert.ok(expected.some(({ secret }) => secret !== undefined));
    assert.equal(await readWithOurs(bytes, password), expected);
  });

  test(`changes ${name} into what pkijs reads the same`, async () => {
    const keys = keysOf(password);
    const pfx = await decodePfx(readFixture(name), keys);
    const draft = new KeystoreDraft(indexContent(pfx, keysOf(ENTRY_PASSWORD)));
    const [first] = indexContent(pfx, keysOf(ENTRY_PASSWORD)).entries.keys();
    if (first !== undefined) draft.remove(first);
    await draft.add({
      alias: parseAlias("new-öne 😀"),
      secret: new Secret("11111111-2222-4333-8444-555555555555"),
      createdAt: 1_800_000_000_000 as Instant,
      expiry: undefined,
    });
    const bytes = new Uint8Array(await encodePfx((await draft.finish()).pfx, keys));
    const expected = await readWithPkijs(bytes, password);
    assert.ok(expected.some((entry) =>
      entry.name === "api_key:new-öne 😀" &&
      entry.secret === Buffer.from("11111111-2222-4333-8444-555555555555").toString("hex")
    ));
    assert.not.ok(expected.some((entry) => entry.name === `api_key:${first}`));
    assert.equal(await readWithOurs(bytes, password), expected);
  });
}

test.run();
