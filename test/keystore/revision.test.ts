import { copyFileSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openKeys } from "../../src/keystore/keystore_content.ts";
import { type Alias, parseAlias } from "../../src/model/alias.ts";
import { systemClock } from "../../src/model/instant.ts";
import { OID } from "../../src/pkcs12/oid.ts";
import { encodePfx } from "../../src/pkcs12/pfx.ts";
import { KeyService } from "../../src/service/keys.ts";
import { VerificationService } from "../../src/service/verification.ts";
import { fixturePath } from "../support/fixtures.ts";
import { failure, openKeystore, withFolder } from "../support/open_keystore.ts";

const [OPENAI, CLAUDE, RETIRED, NEW] = ["mcp-openai", "mcp-claude", "retired", "new"]
  .map(parseAlias) as [Alias, Alias, Alias, Alias];

interface Setting {
  readonly path: string;
  readonly keys: KeyService;
  /** The keys in the file, in its order: alias, last characters, a mark if disabled. */
  readonly listed: () => Promise<string[]>;
  readonly saves: () => number;
}

function withKeystore(work: (setting: Setting) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const path = `${folder}/metricshub-keystore.p12`;
    copyFileSync(fixturePath("jdk17-metricshub.p12"), path);
    const keystore = openKeystore(path);
    const keys = new KeyService({ keystore, clock: systemClock });
    const brief = async (list: Promise<Awaited<ReturnType<typeof openKeys>>>) =>
      (await list).map(({ alias, lastCharacters, isDisabled }) =>
        `${alias} ${lastCharacters}${isDisabled ? " off" : ""}`
      );
    const listed = async () => {
      const { content } = await openKeystore(path).read();
      const inFile = await brief(openKeys(content));
      assert.equal(await brief(keys.list()), inFile, "memory is as the file");
      return inFile;
    };
    await work({ path, keys, listed, saves: () => keystore.saves });
  });
}

test("disables and enables a key in its place", async () => {
  await withKeystore(async ({ keys, listed, saves }) => {
    assert.is((await keys.revise(CLAUDE, { isDisabled: true })).isDisabled, true);
    assert.equal(await listed(), ["mcp-openai 8986", "mcp-claude 15f3 off", "retired 7e11"]);
    await failure("ERR_ALIAS_EXISTS", () => keys.create(CLAUDE));
    // Nothing to write.
    await keys.revise(CLAUDE, { isDisabled: true });
    assert.is(saves(), 1);
    await keys.revise(CLAUDE, { isDisabled: false });
    assert.equal(await listed(), ["mcp-openai 8986", "mcp-claude 15f3", "retired 7e11"]);
  });
});

test("renames a key in its place, disabled or not", async () => {
  await withKeystore(async ({ keys, listed }) => {
    await keys.revise(OPENAI, { alias: NEW, metadata: { owner: "ops" } });
    assert.equal(await listed(), ["new 8986", "mcp-claude 15f3", "retired 7e11"]);
    await failure("ERR_ALIAS_UNKNOWN", () => keys.get(OPENAI));
    await failure("ERR_ALIAS_EXISTS", () => keys.revise(NEW, { alias: RETIRED }));
    await keys.revise(NEW, { alias: OPENAI, isDisabled: true });
    assert.equal(await listed(), ["mcp-openai 8986 off", "mcp-claude 15f3", "retired 7e11"]);
    assert.is((await keys.get(OPENAI)).metadata.owner, "ops");
    await keys.revoke(OPENAI);
    assert.equal(await listed(), ["mcp-claude 15f3", "retired 7e11"]);
  });
});

test("what is changed while entries are being opened stays changed", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/metricshub-keystore.p12`;
    copyFileSync(fixturePath("jdk17-1000-keys.p12"), path);
    const keystore = openKeystore(path);
    const keys = new KeyService({ keystore, clock: systemClock });
    const verification = new VerificationService({ keystore, clock: systemClock });
    const [k1, k2, k3, k4] = ["k1", "k2", "k3", "k4"].map(parseAlias) as [
      Alias,
      Alias,
      Alias,
      Alias,
    ];
    // A thousand salts of Java's take a while.
    const opening = verification.prepare();
    await Promise.all([
      keys.revise(k1, { alias: NEW }),
      keys.revise(k2, { isDisabled: true }),
      keys.rotate(k3, { graceSeconds: 0 }),
      keys.revoke(k4),
    ]);
    await opening;
    const { entries, digests } = (await keystore.read()).content;
    assert.ok(digests.isComplete);
    for (const entry of entries.values()) {
      const found = digests.find(entry.digest!);
      assert.is(found, entry.key, entry.alias);
    }
    assert.is(digests.size, entries.size, "nothing else is found");
    const inFile = (await openKeystore(path).read()).content.entries;
    assert.equal([...entries.keys()], [...inFile.keys()], "in the file's order");
  });
});

test("a renamed key takes the place of its entry, whatever else is done at once", async () => {
  await withKeystore(async ({ keys, listed }) => {
    await Promise.all([
      keys.create(NEW),
      keys.revoke(RETIRED),
      keys.revise(OPENAI, { alias: RETIRED }),
    ]);
    const [first, second, third = ""] = await listed();
    assert.equal([first, second], ["retired 8986", "mcp-claude 15f3"]);
    assert.match(third, /^new /);
  });
});

test("a key that a later version has restricted can be disabled, renamed and revoked alone", async () => {
  for (const text of ['{"v":2}', "nonsense"]) {
    await withKeystore(async ({ path, keys, listed }) => {
      const open = openKeystore(path);
      await open.change(async (draft) => {
        await draft.revise(OPENAI, { metadata: { owner: "x" } });
      });
      await replaceMetadata(path, text);
      await failure("ERR_METADATA_UNSUPPORTED", () => keys.rotate(OPENAI, { graceSeconds: 0 }));
      await failure("ERR_METADATA_UNSUPPORTED", () => keys.rotate(OPENAI, { graceSeconds: 60 }));
      const change = { metadata: { owner: "y" } };
      await failure("ERR_METADATA_UNSUPPORTED", () => keys.revise(OPENAI, change));
      await keys.revise(OPENAI, { isDisabled: true });
      await keys.revise(OPENAI, { alias: NEW });
      assert.is((await listed())[0], "new 8986 off");
      assert.is((await keys.get(NEW)).metadata.isUnderstood, false);
      await keys.revoke(NEW);
    });
  }
});

/** As a later version would. */
async function replaceMetadata(path: string, text: string): Promise<void> {
  const keystore = openKeystore(path);
  const { content, stored } = await keystore.read();
  const pfx = {
    ...content.pfx,
    contents: content.pfx.contents.map((each) => ({
      ...each,
      encoding: undefined,
      bags: each.bags?.map((bag) =>
        bag.hasAttribute(OID.API_KEY_METADATA)
          ? bag.withUtf8Attribute(OID.API_KEY_METADATA, text)
          : bag
      ),
    })),
  } as typeof content.pfx;
  writeFileSync(path, await encodePfx(pfx, stored!.storeKeys));
}

test("rotation keeps what other programs have said of a key", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/metricshub-keystore.p12`;
    copyFileSync(fixturePath("jdk17-attributes.p12"), path);
    const keystore = openKeystore(path);
    const keys = new KeyService({ keystore, clock: systemClock });
    const [alias] = (await keystore.read()).content.entries.keys();
    assert.ok(alias);
    const attributesOf = async () => {
      const entry = (await openKeystore(path).read()).content.entries.get(alias);
      return entry?.bag.withLocalKeyId(new Uint8Array()).withBagValue(new Uint8Array([4, 0]));
    };
    const before = await attributesOf();
    await keys.rotate(alias, { graceSeconds: 0 });
    assert.equal((await attributesOf())?.encoding, before?.encoding);
  });
});

test("many at once: each finds what the one before has left", async () => {
  await withKeystore(async ({ keys, listed }) => {
    const outcomes = await Promise.allSettled([
      keys.revise(OPENAI, { alias: NEW }),
      keys.create(OPENAI),
      keys.revise(CLAUDE, { alias: NEW }),
      keys.revise(NEW, { metadata: { description: "x" } }),
      keys.revoke(RETIRED),
      keys.revise(RETIRED, { isDisabled: true }),
      keys.revise(OPENAI, { alias: RETIRED }),
    ]);
    assert.equal(outcomes.map(({ status }) => status), [
      ...["fulfilled", "fulfilled", "rejected", "fulfilled"],
      ...["fulfilled", "rejected", "fulfilled"],
    ]);
    const [first, second, third = ""] = await listed();
    assert.equal([first, second], ["new 8986", "mcp-claude 15f3"]);
    assert.match(third, /^retired [0-9a-f]{4}$/);
    assert.is((await keys.get(NEW)).metadata.description, "x");
  });
});

test.run();
