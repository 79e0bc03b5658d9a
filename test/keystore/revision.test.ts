import { copyFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openKeys } from "../../src/keystore/keystore_content.ts";
import { type Alias, parseAlias } from "../../src/model/alias.ts";
import { systemClock } from "../../src/model/instant.ts";
import { KeyService } from "../../src/service/keys.ts";
import { fixturePath } from "../support/fixtures.ts";
import { failure, openKeystore, withFolder } from "../support/open_keystore.ts";

const [OPENAI, CLAUDE, RETIRED, NEW] = ["mcp-openai", "mcp-claude", "retired", "new"]
  .map(parseAlias) as [Alias, Alias, Alias, Alias];

interface Setting {
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
    await work({ keys, listed, saves: () => keystore.saves });
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
