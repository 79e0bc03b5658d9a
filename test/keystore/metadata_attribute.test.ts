import { test } from "uvu";
import * as assert from "uvu/assert";
import { readMetadata, withMetadata } from "../../src/keystore/metadata_attribute.ts";
import { parseNetwork } from "../../src/model/network.ts";
import { parseGrantedScope } from "../../src/model/scope.ts";
import { OID } from "../../src/pkcs12/oid.ts";
import { newSafeBag, type SafeBag } from "../../src/pkcs12/safe_bag.ts";
import { failure } from "../support/open_keystore.ts";

const BARE = newSafeBag(OID.SECRET_BAG, Buffer.from("0400", "hex"), "api_key:a", Buffer.from("x"));
const CHANGE = {
  description: "für größe",
  owner: "ops",
  scopes: ["mcp:read", "mcp:*"].map((text) => parseGrantedScope(text)!),
  networks: ["10.0.0.0/8", "::1"].map((text) => parseNetwork(text)!),
};

function stored(bag: SafeBag): unknown {
  return JSON.parse(bag.utf8Attribute(OID.API_KEY_METADATA) ?? "null");
}

function withStored(text: string): SafeBag {
  return BARE.withUtf8Attribute(OID.API_KEY_METADATA, text);
}

test("reads what it has written", () => {
  const { networks, ...metadata } = readMetadata(withMetadata(BARE, CHANGE));
  assert.equal(metadata, {
    description: "für größe",
    owner: "ops",
    scopes: ["mcp:read", "mcp:*"],
    replacedBy: undefined,
    isUnderstood: true,
  });
  assert.equal(networks.networks, ["10.0.0.0/8", "::1/128"]);
});

test("keeps what is not to change, and drops what is empty", () => {
  const bag = withMetadata(BARE, CHANGE);
  const revised = withMetadata(bag, { description: undefined, owner: "", scopes: [] });
  assert.equal(stored(revised), {
    v: 1,
    description: "für größe",
    networks: ["10.0.0.0/8", "::1/128"],
  });
  const nothing = withMetadata(revised, { description: "", networks: [] });
  assert.equal(nothing.encoding, BARE.encoding);
});

test("keeps fields that a later version has added", () => {
  const bag = withStored('{"v":1,"colour":{"of":"later"},"owner":"a"}');
  assert.is(readMetadata(bag).isUnderstood, true);
  assert.equal(stored(withMetadata(bag, { owner: "b" })), {
    v: 1,
    colour: { of: "later" },
    owner: "b",
  });
  assert.equal(stored(withMetadata(bag, { owner: "" })), { v: 1, colour: { of: "later" } });
});

test("keeps fields of a later version that are empty", () => {
  const bag = withStored('{"v":1,"tools":[],"label":"","owner":"a"}');
  assert.equal(stored(withMetadata(bag, { owner: "" })), { v: 1, tools: [], label: "" });
});

const NOT_UNDERSTOOD = [
  '{"v":2}',
  "{}",
  "[]",
  "null",
  "",
  "{",
  '{"v":1,"scopes":"mcp:read"}',
  '{"v":1,"scopes":["mcp read"]}',
  '{"v":1,"scopes":[1]}',
  '{"v":1,"networks":["10.0.0.0/64"]}',
  '{"v":1,"networks":{}}',
  '{"v":1,"owner":1}',
];

for (const text of NOT_UNDERSTOOD) {
  test(`does not understand '${text}', and does not touch it`, async () => {
    const bag = withStored(text);
    assert.is(readMetadata(bag).isUnderstood, false);
    await failure("ERR_METADATA_UNSUPPORTED", () => withMetadata(bag, { owner: "b" }));
  });
}

test("leaves all other attributes octet for octet, and in their place", () => {
  const foreign = BARE.withUtf8Attribute("1.2.3.4", "theirs");
  const first = withMetadata(foreign, { owner: "a" });
  const last = first.withFriendlyName("disabled_api_key:b").withUtf8Attribute("1.2.3.5", "more");
  const back = withMetadata(last, { owner: "" }).withFriendlyName("api_key:a");
  assert.equal(back.withUtf8Attribute("1.2.3.5", undefined).encoding, foreign.encoding);
  assert.is(last.friendlyName, "disabled_api_key:b");
  assert.is(last.utf8Attribute("1.2.3.4"), "theirs");
  assert.equal(last.localKeyId, BARE.localKeyId);
});

test.run();
