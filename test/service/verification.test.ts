import {
  copyFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseAlias } from "../../src/model/alias.ts";
import { type Instant, systemClock } from "../../src/model/instant.ts";
import { parseNetwork } from "../../src/model/network.ts";
import { parseGrantedScope, parseWantedScope } from "../../src/model/scope.ts";
import { Secret } from "../../src/model/secret.ts";
import type { Pkcs12Derivation, Pkcs12Kdf } from "../../src/platform/pkcs12_kdf.ts";
import type { Keystore } from "../../src/keystore/keystore.ts";
import { KeyService } from "../../src/service/keys.ts";
import { VerificationService } from "../../src/service/verification.ts";
import { fixturePath } from "../support/fixtures.ts";
import { openKeystore, pkcs12Kdf, withFolder } from "../support/open_keystore.ts";

const OPENAI = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
const CLAUDE = "3f2b1c4d-8e5f-4a2b-bc15-0ba0f60b15f3";
const RETIRED = "0d9c4f3e-51c7-4f3b-9d52-6a1f0c2b7e11";

interface Setting {
  readonly path: string;
  readonly keystore: Keystore;
  readonly keys: KeyService;
  readonly verification: VerificationService;
  /** What the clock shows. */
  now: Instant;
}

function withKeystore(work: (setting: Setting) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const path = `${folder}/metricshub-keystore.p12`;
    copyFileSync(fixturePath("jdk17-metricshub.p12"), path);
    // What has been written just now might be written again before the clock moves on.
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    const keystore = openKeystore(path);
    const keys = new KeyService({ keystore, clock: systemClock });
    const setting = { path, keystore, keys, now: systemClock() };
    const verification = new VerificationService({ keystore, clock: () => setting.now });
    await work(Object.assign(setting, { verification }));
  });
}

function brief(verdict: Awaited<ReturnType<VerificationService["verify"]>> | undefined): string {
  if (verdict === undefined) return "unknown";
  return verdict.code === "NOT_FOUND" ? verdict.code : `${verdict.code} ${verdict.alias}`;
}

/**
 * What memory says after a save. A runtime that tells file times in milliseconds shows a whole second
 * every thousandth time, as a file system whose clock is that coarse does; what was written by such a
 * clock is read again.
 */
async function briefNow({ path, verification }: Setting, key: string): Promise<string> {
  const verdict = verification.verifyNow(key);
  const isCoarse = statSync(path, { bigint: true }).mtimeNs % 1_000_000_000n === 0n;
  return brief(verdict ?? (isCoarse ? await verification.verify(key) : undefined));
}

test("tells valid, expired and unknown keys apart", async () => {
  await withKeystore(async ({ verification }) => {
    const cases = [
      [OPENAI, "VALID mcp-openai"],
      [CLAUDE, "VALID mcp-claude"],
      [RETIRED, "EXPIRED retired"],
      [OPENAI.toUpperCase(), "NOT_FOUND"],
      [OPENAI.slice(0, -1), "NOT_FOUND"],
      [`${OPENAI} `, "NOT_FOUND"],
      [`${CLAUDE}__2031-12-31T23:59:59`, "NOT_FOUND"],
      ["secret", "NOT_FOUND"],
      ["", "NOT_FOUND"],
    ] as const;
    for (const [key, verdict] of cases) {
      assert.is(brief(await verification.verify(key)), verdict, key);
    }
    const verdicts = await verification.verifyAll(cases.map(([key]) => key));
    assert.equal(verdicts.map(brief), cases.map(([, verdict]) => verdict));
    for (const [key, verdict] of cases) assert.is(brief(verification.verifyNow(key)), verdict, key);
  });
});

test("goes by what a key is good for, and from where", async () => {
  await withKeystore(async ({ keys, verification }) => {
    const scopes = ["mcp:*", "rest:read"].map((text) => parseGrantedScope(text)!);
    const networks = ["10.0.0.0/8", "::1"].map((text) => parseNetwork(text)!);
    const made = [
      await keys.create(parseAlias("scoped"), { metadata: { scopes } }),
      await keys.create(parseAlias("near"), { metadata: { networks } }),
      await keys.create(parseAlias("both"), { metadata: { scopes, networks } }),
    ].map(({ secret }) => secret.reveal());
    const rows: readonly (readonly [string | undefined, string | undefined, readonly string[]])[] =
      [
        [undefined, undefined, ["VALID", "FORBIDDEN_NETWORK", "FORBIDDEN_NETWORK"]],
        ["mcp:read", undefined, ["VALID", "FORBIDDEN_NETWORK", "FORBIDDEN_NETWORK"]],
        ["rest:write", undefined, ["INSUFFICIENT_SCOPE", "FORBIDDEN_NETWORK", "FORBIDDEN_NETWORK"]],
        [undefined, "10.1.1.1", ["VALID", "VALID", "VALID"]],
        ["rest:read", "::1", ["VALID", "VALID", "VALID"]],
        ["rest:write", "10.1.1.1", ["INSUFFICIENT_SCOPE", "VALID", "INSUFFICIENT_SCOPE"]],
        ["rest:read", "11.0.0.1", ["VALID", "FORBIDDEN_NETWORK", "FORBIDDEN_NETWORK"]],
      ];
    for (const [scope, clientAddress, codes] of rows) {
      const purpose = {
        clientAddress,
        scope: scope === undefined ? undefined : parseWantedScope(scope),
      };
      const verdicts = await verification.verifyAll([...made, OPENAI, "x"], purpose);
      const about = `${scope} ${clientAddress}`;
      assert.equal(verdicts.map(({ code }) => code), [...codes, "VALID", "NOT_FOUND"], about);
      for (const [index, key] of made.entries()) {
        assert.is((await verification.verify(key, purpose)).code, codes[index], about);
      }
    }
    await keys.revise(parseAlias("scoped"), { isDisabled: true });
    assert.is(brief(await verification.verify(made[0] ?? "")), "DISABLED scoped");
    await keys.revise(parseAlias("scoped"), { isDisabled: false, metadata: { scopes: [] } });
    const { code } = await verification.verify(made[0] ?? "", { scope: parseWantedScope("a") });
    assert.is(code, "VALID");
  });
});

test("answers at once only once every key has been opened", async () => {
  await withKeystore(async ({ verification }) => {
    assert.is(brief(verification.verifyNow(OPENAI)), "unknown");
    await verification.prepare();
    assert.is(brief(verification.verifyNow(OPENAI)), "VALID mcp-openai");
    assert.is(brief(verification.verifyNow("x")), "NOT_FOUND");
  });
});

test("goes by the clock", async () => {
  await withKeystore(async (setting) => {
    const { verification } = setting;
    const end = new Date(2031, 11, 31, 23, 59, 59).getTime();
    setting.now = end - 1 as Instant;
    assert.is(brief(await verification.verify(CLAUDE)), "VALID mcp-claude");
    setting.now = end + 1 as Instant;
    assert.is(brief(await verification.verify(CLAUDE)), "EXPIRED mcp-claude");
    assert.is(brief(verification.verifyNow(CLAUDE)), "EXPIRED mcp-claude");
  });
});

test("knows a key from the moment it is made to the moment it is revoked", async () => {
  await withKeystore(async (setting) => {
    const { keys, verification } = setting;
    await verification.prepare();
    const alias = parseAlias("new");
    const { secret } = await keys.create(alias);
    assert.is(await briefNow(setting, secret.reveal()), "VALID new");
    await keys.revoke(alias);
    assert.is(await briefNow(setting, secret.reveal()), "NOT_FOUND");
    const { secret: next } = await keys.create(alias);
    assert.is(await briefNow(setting, secret.reveal()), "NOT_FOUND");
    assert.is(await briefNow(setting, next.reveal()), "VALID new");
  });
});

test("goes by what another program has written", async () => {
  await withKeystore(async ({ path, verification }) => {
    await verification.prepare();
    const others = new KeyService({ keystore: openKeystore(path), clock: systemClock });
    await others.revoke(parseAlias("mcp-openai"));
    const { secret } = await others.create(parseAlias("theirs"));
    assert.is(brief(verification.verifyNow(OPENAI)), "unknown");
    assert.is(brief(await verification.verify(OPENAI)), "NOT_FOUND");
    assert.is(brief(await verification.verify(secret.reveal())), "VALID theirs");
    assert.is(brief(await verification.verify(CLAUDE)), "VALID mcp-claude");
  });
});

test("finds a key that two aliases have as long as one of them has it", async () => {
  await withKeystore(async (setting) => {
    const { keystore, keys, verification } = setting;
    const secret = new Secret(OPENAI);
    const createdAt = systemClock();
    const alias = parseAlias("twin");
    await keystore.change((draft) => draft.add({ alias, secret, createdAt, expiry: undefined }));
    await verification.prepare();
    await keys.revoke(parseAlias("mcp-openai"));
    assert.is(await briefNow(setting, OPENAI), "VALID twin");
    await keys.revoke(alias);
    assert.is(await briefNow(setting, OPENAI), "NOT_FOUND");
  });
});

test("an expired key is valid if another program has given it to a second alias", async () => {
  await withKeystore(async ({ path, verification }) => {
    await verification.prepare();
    const secret = new Secret(RETIRED);
    const createdAt = systemClock();
    const alias = parseAlias("revived");
    await openKeystore(path).change((draft) =>
      draft.add({ alias, secret, createdAt, expiry: undefined })
    );
    assert.is(brief(await verification.verify(RETIRED)), "VALID revived");
  });
});

/** Holds up every opening of a keystore for as long as it is shut. */
class Gate {
  #open: PromiseWithResolvers<void> | undefined;

  // What it derives is awaited, although there is no need to.
  readonly kdf = (async (derivation) => {
    const key = pkcs12Kdf(derivation);
    await this.#open?.promise;
    return key;
  }) as (derivation: Pkcs12Derivation) => unknown as Pkcs12Kdf;

  shut(): void {
    this.#open = Promise.withResolvers();
  }

  open(): void {
    this.#open?.resolve();
    this.#open = undefined;
  }
}

/** A file takes another one's place, as when a program saves it atomically. */
function put(from: string, to: string): void {
  copyFileSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
}

test("does not answer by a file that was already gone when it was asked", async () => {
  await withKeystore(async ({ path, keys }) => {
    const before = `${path}.before`;
    const after = `${path}.after`;
    copyFileSync(path, before);
    await keys.revoke(parseAlias("mcp-openai"));
    copyFileSync(path, after);
    put(before, path);
    const gate = new Gate();
    const keystore = openKeystore(path, { pkcs12Kdf: gate.kdf });
    const verification = new VerificationService({ keystore, clock: systemClock });
    await verification.prepare();
    gate.shut();
    put(before, path);
    const early = verification.verify(OPENAI);
    await sleep(20);
    put(after, path);
    const late = verification.verify(OPENAI);
    await sleep(20);
    gate.open();
    await early;
    assert.is(brief(await late), "NOT_FOUND");
  });
});

test("an opening under way does not bring back what is revoked meanwhile", async () => {
  await withKeystore(async ({ path }) => {
    const gate = new Gate();
    const keystore = openKeystore(path, { pkcs12Kdf: gate.kdf });
    const verification = new VerificationService({ keystore, clock: systemClock });
    await verification.prepare();
    const told: string[] = [];
    keystore.onChange((change) => told.push(Object.values(change).join(" ")));
    // What has just been written is in doubt, so each reader opens it anew.
    put(fixturePath("jdk17-metricshub.p12"), path);
    utimesSync(path, new Date(), new Date());
    let reader: Promise<unknown> = Promise.resolve();
    await keystore.change(async (draft) => {
      gate.shut();
      reader = verification.verify(OPENAI);
      await sleep(5);
      draft.remove(parseAlias("mcp-openai"));
      setTimeout(() => gate.open(), 50);
    });
    await reader;
    assert.is(brief(await verification.verify(OPENAI)), "NOT_FOUND");
    assert.ok(!told.includes("created mcp-openai"), told.join());
  });
});

test("goes by the last good state while the file is broken", async () => {
  await withKeystore(async ({ path, verification }) => {
    await verification.prepare();
    writeFileSync(path, "no keystore");
    assert.is(brief(await verification.verify(OPENAI)), "VALID mcp-openai");
    // The second time without a look at what is known to be broken.
    assert.is(brief(verification.verifyNow(OPENAI)), "VALID mcp-openai");
    rmSync(path);
    assert.is(brief(await verification.verify(OPENAI)), "VALID mcp-openai");
    // Not even its metadata can be had.
    symlinkSync(path, path);
    assert.is(brief(await verification.verify(OPENAI)), "VALID mcp-openai");
    assert.is(brief(await verification.verify("x")), "NOT_FOUND");
    rmSync(path);
    copyFileSync(fixturePath("jdk8-legacy.p12"), path);
    assert.is(brief(await verification.verify(OPENAI)), "NOT_FOUND");
  });
});

test.run();
