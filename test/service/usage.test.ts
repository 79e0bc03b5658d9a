import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Alias, parseAlias } from "../../src/model/alias.ts";
import { type Instant, systemClock } from "../../src/model/instant.ts";
import { KeyService } from "../../src/service/keys.ts";
import type { UsageService } from "../../src/service/usage.ts";
import { VerificationService } from "../../src/service/verification.ts";
import { openKeystore, openUsage, withFolder } from "../support/open_keystore.ts";

const [A, B, C] = ["a", "b", "c"].map(parseAlias) as [Alias, Alias, Alias];

interface Setting {
  readonly file: string;
  readonly keystorePath: string;
  readonly keys: KeyService;
  readonly usage: UsageService;
  readonly complaints: string[];
  readonly verify: (key: string) => Promise<void>;
  /** What another process would make of the files. */
  readonly reopened: () => { readonly usage: UsageService; readonly keys: KeyService };
  now: Instant;
}

function withKeys(work: (setting: Setting) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const keystorePath = `${folder}/metricshub-keystore.p12`;
    const keystore = openKeystore(keystorePath);
    // It is known to the second.
    const setting = { now: Math.floor(systemClock() / 1_000) * 1_000 as Instant };
    const verification = new VerificationService({ keystore, clock: () => setting.now });
    const complaints: string[] = [];
    await work(Object.assign(setting, {
      keystorePath,
      file: `${folder}/metricshub-keystore.usage.json`,
      keys: new KeyService({ keystore, clock: systemClock }),
      usage: openUsage(keystore, ({ message }) => complaints.push(message)),
      complaints,
      verify: async (key: string) => void await verification.verify(key),
      reopened() {
        const again = openKeystore(keystorePath);
        const keys = new KeyService({ keystore: again, clock: systemClock });
        return { keys, usage: openUsage(again) };
      },
    }));
  });
}

async function usesOf({ keys, usage }: Pick<Setting, "keys" | "usage">, alias: Alias) {
  const { uses, lastUsedAt } = usage.of(await keys.get(alias));
  return [uses, lastUsedAt];
}

test("counts what is valid, and keeps it in a file of its own", async () => {
  await withKeys(async (setting) => {
    const { keys, usage, verify, file, keystorePath, reopened } = setting;
    const key = (await keys.create(A)).secret.reveal();
    await keys.create(B);
    await usage.flush();
    assert.not.ok(existsSync(file), "nothing to tell");
    const saved = statSync(keystorePath).mtimeMs;
    for (let i = 0; i < 1_000; i++) {
      await verify(key);
      await verify("x");
    }
    assert.equal(await usesOf(setting, A), [1_000, setting.now]);
    assert.equal(await usesOf(setting, B), [0, undefined]);
    await usage.flush();
    assert.is(statSync(file).mode & 0o777, 0o600);
    assert.is(statSync(keystorePath).mtimeMs, saved, "the keystore is as it was");
    assert.not.match(readFileSync(file, "utf8"), key);
    assert.equal(await usesOf(reopened(), A), [1_000, setting.now]);
    const before = statSync(file, { bigint: true });
    await usage.flush();
    assert.is(statSync(file, { bigint: true }).ino, before.ino, "nothing new");
    setting.now = setting.now + 5_000 as Instant;
    await verify(key);
    assert.equal(await usesOf(setting, A), [1_001, setting.now]);
    await usage.flush();
    assert.equal(await usesOf(reopened(), A), [1_001, setting.now]);
  });
});

test("goes with a key, whatever it is called, and not with its alias", async () => {
  await withKeys(async (setting) => {
    const { keys, usage, verify, file, reopened } = setting;
    const key = (await keys.create(A)).secret.reveal();
    await verify(key);
    await keys.revise(A, { alias: B, metadata: { owner: "ops" } });
    assert.equal(await usesOf(setting, B), [1, setting.now]);
    await usage.flush();
    await keys.revise(B, { alias: C });
    assert.equal(await usesOf(setting, C), [1, setting.now]);
    assert.equal(await usesOf(reopened(), C), [1, setting.now]);
    await keys.rotate(C, { graceSeconds: 60 });
    // Who still uses the key before is to be seen.
    assert.equal(await usesOf(setting, C), [0, undefined]);
    await verify(key);
    assert.equal(await usesOf(setting, parseAlias("c~1")), [2, setting.now]);
    await keys.revoke(C);
    await keys.create(C);
    await verify((await keys.rotate(C, { graceSeconds: 0 })).secret.reveal());
    await usage.flush();
    assert.is(Object.keys(JSON.parse(readFileSync(file, "utf8")).keys).length, 1);
  });
});

test("begins anew after a file that makes no sense, and says so once", async () => {
  for (const text of ["", "{", "[]", '{"v":2,"keys":{}}', '{"v":1,"keys":{"a":1}}']) {
    await withKeys(async (setting) => {
      const { keys, usage, verify, file, complaints, reopened } = setting;
      writeFileSync(file, text);
      const key = (await keys.create(A)).secret.reveal();
      await verify(key);
      assert.equal(await usesOf(setting, A), [1, setting.now]);
      await usage.flush();
      assert.is(complaints.length, 1, text);
      assert.equal(await usesOf(reopened(), A), [1, setting.now]);
    });
  }
});

test.run();
