import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Alias, parseAlias } from "../../src/model/alias.ts";
import { type Instant, systemClock } from "../../src/model/instant.ts";
import { parseGrantedScope } from "../../src/model/scope.ts";
import { parseNetwork } from "../../src/model/network.ts";
import type { KeyChange } from "../../src/keystore/key_change.ts";
import type { Keystore } from "../../src/keystore/keystore.ts";
import { KeyService } from "../../src/service/keys.ts";
import { VerificationService } from "../../src/service/verification.ts";
import { failure, openKeystore, withFolder } from "../support/open_keystore.ts";

const [A, B] = ["a", "b"].map(parseAlias) as [Alias, Alias];
const HOUR_S = 3_600;
const HOUR_MS = HOUR_S * 1_000;

interface Setting {
  readonly keys: KeyService;
  /** What another program would use, which knows nothing of what belongs together. */
  readonly others: Keystore;
  readonly told: KeyChange[];
  /** What becomes of a key that is presented. */
  readonly verdict: (key: string) => Promise<string>;
  /** Of a new alias. */
  readonly create: (alias: Alias) => Promise<string>;
  readonly rotate: (alias: Alias, graceSeconds: number) => Promise<string>;
  readonly aliases: () => Promise<string[]>;
  readonly tidy: () => Promise<void>;
  now: Instant;
}

function withKeys(work: (setting: Setting) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const path = `${folder}/metricshub-keystore.p12`;
    const keystore = openKeystore(path);
    const setting = { now: systemClock() };
    const clock = () => setting.now;
    const keys = new KeyService({ keystore, clock });
    const verification = new VerificationService({ keystore, clock });
    const told: KeyChange[] = [];
    keystore.onChange((change) => told.push(change));
    await work(Object.assign(setting, {
      keys,
      others: openKeystore(path),
      told,
      verdict: async (key: string) => {
        const verdict = await verification.verify(key);
        return "alias" in verdict ? `${verdict.code} ${verdict.alias}` : verdict.code;
      },
      create: async (alias: Alias) => (await keys.create(alias)).secret.reveal(),
      rotate: async (alias: Alias, graceSeconds: number) =>
        (await keys.rotate(alias, { graceSeconds })).secret.reveal(),
      aliases: async () => (await keys.list()).map(({ alias }) => alias),
      tidy: async () => void await keys.removeRetired(),
    }));
  });
}

function after(now: Instant, ms: number): Instant {
  return now + ms as Instant;
}

test("the key before works until its grace ends, under the same name", async () => {
  await withKeys(async (setting) => {
    const { create, rotate, verdict, aliases, tidy } = setting;
    const first = await create(A);
    await create(B);
    const second = await rotate(A, HOUR_S);
    assert.equal(await aliases(), ["a", "b", "a~1"]);
    assert.equal([await verdict(first), await verdict(second)], ["VALID a", "VALID a"]);
    await tidy();
    setting.now = after(setting.now, HOUR_MS + 1_000);
    assert.equal([await verdict(first), await verdict(second)], ["EXPIRED a", "VALID a"]);
    await tidy();
    assert.equal(await aliases(), ["a", "b"]);
    assert.equal([await verdict(first), await verdict(second)], ["NOT_FOUND", "VALID a"]);
  });
});

test("without grace all earlier keys end at once", async () => {
  await withKeys(async ({ create, rotate, verdict, aliases }) => {
    const keys = [await create(A), await rotate(A, HOUR_S), await rotate(A, HOUR_S)];
    assert.equal(await aliases(), ["a", "a~1", "a~2"]);
    const last = await rotate(A, 0);
    assert.equal(await aliases(), ["a"]);
    assert.equal(await Promise.all([...keys, last].map(verdict)), [
      ...["NOT_FOUND", "NOT_FOUND", "NOT_FOUND"],
      "VALID a",
    ]);
  });
});

test("no key outlives its own expiry, and the new one has that of the one before", async () => {
  await withKeys(async (setting) => {
    const { keys, verdict } = setting;
    const wantedExpiry = { expiresInSeconds: HOUR_S };
    const { secret, key } = await keys.create(A, { wantedExpiry });
    const rotated = await keys.rotate(A, { graceSeconds: 24 * HOUR_S });
    assert.equal([rotated.key.expiry, rotated.previous?.expiry], [key.expiry, key.expiry]);
    const longer = await keys.rotate(A, {
      graceSeconds: 60,
      wantedExpiry: { expiresInSeconds: 48 * HOUR_S },
    });
    assert.ok(
      longer.key.expiry && key.expiry && longer.key.expiry.expiresOn > key.expiry.expiresOn,
    );
    setting.now = after(setting.now, HOUR_MS + 1_000);
    assert.equal(
      [await verdict(secret.reveal()), await verdict(longer.secret.reveal())],
      ["EXPIRED a", "VALID a"],
    );
    setting.now = after(setting.now, 48 * HOUR_MS);
    await failure("ERR_EXPIRY_PAST", () => keys.rotate(A, { graceSeconds: 60 }));
    const revived = await keys.rotate(A, { graceSeconds: 60, wantedExpiry });
    // What had expired does not begin to work again.
    assert.is(revived.previous, undefined);
    assert.equal(
      [await verdict(longer.secret.reveal()), await verdict(revived.secret.reveal())],
      ["NOT_FOUND", "VALID a"],
    );
  });
});

test("what is said of a key, and what becomes of it, goes for the one before, too", async () => {
  await withKeys(async ({ keys, create, rotate, verdict, aliases }) => {
    const first = await create(A);
    const scopes = [parseGrantedScope("mcp:read")!];
    await keys.revise(A, { metadata: { owner: "ops", scopes } });
    const second = await rotate(A, HOUR_S);
    assert.equal((await keys.get(A)).metadata.scopes, scopes);
    assert.is((await keys.get(A)).metadata.replacedBy, undefined);
    await keys.revise(A, { metadata: { networks: [parseNetwork("10.0.0.0/8")!] } });
    assert.equal([await verdict(first), await verdict(second)], [
      "FORBIDDEN_NETWORK a",
      "FORBIDDEN_NETWORK a",
    ]);
    await keys.revise(A, { alias: B, metadata: { networks: [] } });
    assert.equal(await aliases(), ["b", "b~1"]);
    assert.equal([await verdict(first), await verdict(second)], ["VALID b", "VALID b"]);
    await keys.revise(B, { isDisabled: true });
    assert.equal([await verdict(first), await verdict(second)], ["DISABLED b", "DISABLED b"]);
    await failure("ERR_KEY_DISABLED", () => rotate(B, HOUR_S));
    await keys.revise(B, { isDisabled: false });
    await keys.revoke(B);
    assert.equal([await verdict(first), await verdict(second)], ["NOT_FOUND", "NOT_FOUND"]);
  });
});

test("the key before can be revoked by itself, and nothing else", async () => {
  await withKeys(async ({ keys, told, create, rotate, verdict }) => {
    const first = await create(A);
    const second = await rotate(A, HOUR_S);
    const before = parseAlias("a~1");
    await failure("ERR_KEY_RETIRED", () => rotate(before, HOUR_S));
    await failure("ERR_KEY_RETIRED", () => keys.revise(before, { metadata: { owner: "x" } }));
    await failure("ERR_KEY_RETIRED", () => keys.revise(before, { alias: B }));
    told.length = 0;
    await keys.revoke(before);
    // Whoever remembers it knows it as a's.
    assert.equal(told, [{ type: "revoked", alias: "a~1" }, { type: "changed", alias: "a" }]);
    assert.equal([await verdict(first), await verdict(second)], ["NOT_FOUND", "VALID a"]);
  });
});

test("a change that is refused leaves nothing of itself", async () => {
  await withKeys(async ({ keys, create, rotate, verdict, aliases }) => {
    const first = await create(A);
    const second = await rotate(A, HOUR_S);
    const stranger = await create(parseAlias("b~1"));
    const outcomes = await Promise.allSettled([
      keys.create(parseAlias("c")),
      keys.revise(A, { alias: B }),
      keys.revise(A, { metadata: { owner: "ops" } }),
    ]);
    assert.equal(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
    assert.equal(await aliases(), ["a", "a~1", "b~1", "c"]);
    assert.equal(await Promise.all([first, second, stranger].map(verdict)), [
      ...["VALID a", "VALID a"],
      "VALID b~1",
    ]);
    await rotate(parseAlias("b~1"), HOUR_S);
    await keys.revoke(A);
    assert.equal(await aliases(), ["b~1", "c", "b~1~1"]);
  });
});

test("with what another program has revoked, what was before it ends", async () => {
  await withKeys(async ({ keys, others, create, rotate, verdict, aliases, tidy }) => {
    const first = await create(A);
    await rotate(A, HOUR_S);
    await others.change((draft) => draft.remove(A));
    assert.is(await verdict(first), "EXPIRED a");
    // The name is somebody else's now.
    const stranger = await create(A);
    assert.equal([await verdict(first), await verdict(stranger)], ["NOT_FOUND", "VALID a"]);
    await rotate(A, HOUR_S);
    await others.change((draft) => draft.remove(A));
    await tidy();
    assert.equal(await aliases(), []);
    await create(A);
    await rotate(A, HOUR_S);
    await others.change((draft) => draft.remove(A));
    await keys.revoke(A);
    assert.equal(await aliases(), []);
  });
});

test("an old key that is made anew at once is told as its owner's, too", async () => {
  await withKeys(async ({ keys, told, create, rotate }) => {
    await create(A);
    await rotate(A, HOUR_S);
    told.length = 0;
    const before = parseAlias("a~1");
    await Promise.all([create(parseAlias("c")), keys.revoke(before), keys.create(before)]);
    assert.ok(told.some((change) => change.type === "changed" && change.alias === "a"));
  });
});

test.run();
