import { copyFileSync, readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseAlias } from "../../src/model/alias.ts";
import { type Instant, systemClock } from "../../src/model/instant.ts";
import { parseExpiry } from "../../src/model/expiry.ts";
import { Secret } from "../../src/model/secret.ts";
import type { Keystore } from "../../src/keystore/keystore.ts";
import {
  type GivenKey,
  type ImportOptions,
  ImportService,
  type ImportSource,
} from "../../src/service/import.ts";
import { KeyService } from "../../src/service/keys.ts";
import { VerificationService } from "../../src/service/verification.ts";
import { fixturePath, readFixture } from "../support/fixtures.ts";
import { madeKeystore } from "../support/made_keystore.ts";
import { failure, openKeystore, pkcs12Kdf, withFolder } from "../support/open_keystore.ts";

const OPENAI = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
const CLAUDE = "3f2b1c4d-8e5f-4a2b-bc15-0ba0f60b15f3";
const OTHER = "7c1d3f0a-6b1e-4a58-8f7e-2d9b60c1e5aa";
const [REFUSE, SKIP, REPLACE] = ["refuse", "skip", "replace"].map((onConflict) =>
  ({ onConflict, dryRun: false }) as ImportOptions
) as [ImportOptions, ImportOptions, ImportOptions];

interface Setting {
  readonly folder: string;
  readonly keystore: Keystore;
  readonly keys: KeyService;
  readonly imports: ImportService;
  /** How many keys are there. */
  readonly aliases: () => Promise<string[]>;
  readonly verdict: (key: string) => Promise<string>;
}

/** @param fixture what is in the keystore; nothing unless given */
async function withKeystore(work: (setting: Setting) => Promise<void>, fixture?: string) {
  await withFolder(async (folder) => {
    const path = `${folder}/metricshub-keystore.p12`;
    if (fixture !== undefined) copyFileSync(fixturePath(fixture), path);
    const keystore = openKeystore(path);
    const clock = systemClock;
    const keys = new KeyService({ keystore, clock });
    const verification = new VerificationService({ keystore, clock });
    await work({
      folder,
      keystore,
      keys,
      imports: new ImportService({ keystore, pkcs12Kdf, clock }),
      aliases: async () => (await keys.list()).map(({ alias }) => alias),
      verdict: async (key) => (await verification.verify(key)).code,
    });
  });
}

function from(bytes: Uint8Array, part: Partial<ImportSource> = {}): ImportSource {
  return { bytes, password: undefined, offset: 0, limit: 100, ...part };
}

function fixture(name: string, part: Partial<ImportSource> = {}): ImportSource {
  return from(readFixture(name), part);
}

const FIXTURES = [
  ["jdk17-metricshub.p12", undefined, ["mcp-openai", "mcp-claude", "retired"], 2],
  ["jdk8-legacy.p12", undefined, ["old-agent"], 1],
  ["jdk17-mixed-certificates.p12", undefined, ["rest-automation"], 4],
  ["jdk17-own-password.p12", "correct horse battery", ["sealed"], 0],
] as const;

for (const [name, text, aliases, otherEntries] of FIXTURES) {
  test(`takes over all keys of ${name}, and the second time nothing`, async () => {
    await withKeystore(async (setting) => {
      const source = fixture(name, { password: text && new Secret(text) });
      for (const outcome of ["created", "unchanged"]) {
        const { saves } = setting.keystore;
        assert.equal(await setting.imports.importKeystore(source, REFUSE), {
          total: aliases.length,
          otherEntries,
          isPartial: false,
          keys: aliases.map((alias) => ({ alias, outcome })),
        });
        const isSaved = outcome === "created" && aliases.length > 0;
        assert.is(setting.keystore.saves - saves, isSaved ? 1 : 0);
      }
      assert.equal(await setting.aliases(), aliases);
    });
  });
}

test("keys are what they were: made when, until when, for what, disabled or not", async () => {
  await withKeystore(async ({ folder, keys, imports, verdict }) => {
    const path = `${folder}/source.p12`;
    copyFileSync(fixturePath("jdk17-metricshub.p12"), path);
    const source = new KeyService({ keystore: openKeystore(path), clock: systemClock });
    const metadata = { description: "nächtlich", owner: "ops" };
    await source.revise(parseAlias("mcp-claude"), { isDisabled: true, metadata });
    await imports.importKeystore(from(readFileSync(path)), REFUSE);
    const plain = async (service: KeyService) =>
      (await service.list()).map((key) => ({
        ...key,
        metadata: { ...key.metadata, networks: [] },
      }));
    assert.equal(await plain(keys), await plain(source));
    assert.equal([await verdict(OPENAI), await verdict(CLAUDE)], ["VALID", "DISABLED"]);
  });
});

test("keys that were replaced come with those that replaced them, as long as they count", async () => {
  await withKeystore(async ({ folder, keystore, keys, imports, aliases, verdict }) => {
    const path = `${folder}/source.p12`;
    copyFileSync(fixturePath("jdk17-metricshub.p12"), path);
    const source = new KeyService({ keystore: openKeystore(path), clock: systemClock });
    const rotated = await source.rotate(parseAlias("mcp-openai"), { graceSeconds: 3_600 });
    await source.rotate(parseAlias("mcp-claude"), { graceSeconds: 3_600 });
    // What is there under the alias of a key that was replaced stays what it is.
    await keys.create(parseAlias("mcp-openai~1"));
    const octets = from(readFileSync(path));
    const { total, keys: results } = await imports.importKeystore(octets, REFUSE);
    assert.is(total, 3);
    assert.equal(results.map(({ alias }) => alias), [
      ...["mcp-openai", "mcp-openai~2", "mcp-claude", "mcp-claude~1", "retired"],
    ]);
    const { saves } = keystore;
    const again = await imports.importKeystore(octets, REFUSE);
    assert.ok(again.keys.every(({ outcome }) => outcome === "unchanged"));
    assert.is(keystore.saves, saves, "nothing to write");
    assert.equal([await verdict(OPENAI), await verdict(rotated.secret.reveal())], [
      "VALID",
      "VALID",
    ]);
    // They go with their owner, as others do.
    await keys.revoke(parseAlias("mcp-openai"));
    assert.is(await verdict(OPENAI), "NOT_FOUND");
    assert.equal(await aliases(), ["mcp-openai~1", "mcp-claude", "mcp-claude~1", "retired"]);
  });
});

test("does not bring back what is over, or whose owner is gone", async () => {
  const metadata = (owner: string) => JSON.stringify({ v: 1, replacedBy: owner });
  const source = await madeKeystore([
    { name: "api_key:a", payload: OPENAI },
    { name: "api_key:a~1", payload: `${CLAUDE}__2021-01-01T00:00`, metadata: metadata("a") },
    { name: "api_key:gone~1", payload: OTHER, metadata: metadata("gone") },
    { name: "api_key:self", payload: OTHER, metadata: metadata("self") },
  ]);
  await withKeystore(async ({ imports, aliases }) => {
    await imports.importKeystore(from(source), REFUSE);
    assert.equal(await aliases(), ["a"]);
  });
});

test("a slice is some of the keys, in order", async () => {
  await withKeystore(async ({ imports, aliases }) => {
    const part = { offset: 990, limit: 7 };
    const { total, keys } = await imports.importKeystore(
      fixture("jdk17-1000-keys.p12", part),
      SKIP,
    );
    assert.equal([total, keys.length], [1_000, 7]);
    assert.equal(await aliases(), ["k990", "k991", "k992", "k993", "k994", "k995", "k996"]);
    const last = await imports.importKeystore(
      fixture("jdk17-1000-keys.p12", { offset: 999, limit: 7 }),
      SKIP,
    );
    assert.is(last.keys.length, 1);
  });
});

test("an alias with another key is refused, skipped or replaced", async () => {
  await withKeystore(async ({ keystore, keys, imports, aliases, verdict }) => {
    const { secret } = await keys.create(parseAlias("mcp-openai"));
    const rotated = await keys.rotate(parseAlias("mcp-openai"), { graceSeconds: 3_600 });
    const source = fixture("jdk17-metricshub.p12");
    const outcomes = async (options: ImportOptions) =>
      (await imports.importKeystore(source, options)).keys.map(({ outcome }) => outcome);
    const { saves } = keystore;
    await failure("ERR_ALIAS_EXISTS", () => outcomes(REFUSE));
    const dry = (options: ImportOptions) => outcomes({ ...options, dryRun: true });
    assert.equal(await dry(REFUSE), ["conflict", "created", "created"]);
    assert.equal(await dry(SKIP), ["skipped", "created", "created"]);
    assert.equal(await dry(REPLACE), ["replaced", "created", "created"]);
    assert.equal([keystore.saves, await aliases()], [saves, ["mcp-openai", "mcp-openai~1"]]);
    assert.equal(await outcomes(SKIP), ["skipped", "created", "created"]);
    assert.is(await verdict(rotated.secret.reveal()), "VALID");
    assert.is(await verdict(OPENAI), "NOT_FOUND");
    assert.equal(await outcomes(REPLACE), ["replaced", "unchanged", "unchanged"]);
    // What the alias had before is over as well.
    for (const key of [secret, rotated.secret]) {
      assert.is(await verdict(key.reveal()), "NOT_FOUND");
    }
    assert.is(await verdict(OPENAI), "VALID");
    assert.equal((await aliases()).sort(), ["mcp-claude", "mcp-openai", "retired"]);
  });
});

test("no key gets two aliases, as whoever revokes one means the key", async () => {
  await withKeystore(async ({ keystore, keys, imports, aliases, verdict }) => {
    const [openai, renamed] = [parseAlias("mcp-openai"), parseAlias("renamed")];
    const source = fixture("jdk17-metricshub.p12");
    await imports.importKeystore(source, REFUSE);
    await keys.revise(openai, { alias: renamed });
    const { saves } = keystore;
    for (const options of [REFUSE, REPLACE]) {
      await failure("ERR_IMPORT_CONFLICT", () => imports.importKeystore(source, options));
      const dry = await imports.importKeystore(source, { ...options, dryRun: true });
      assert.equal(dry.keys[0], { alias: openai, outcome: "conflict", sameAs: renamed });
    }
    const { keys: [first, ...others] } = await imports.importKeystore(source, SKIP);
    assert.equal(first, { alias: openai, outcome: "skipped", sameAs: renamed });
    assert.ok(others.every(({ outcome }) => outcome === "unchanged"));
    // One after the other, in one request.
    const twice = [given("a", OTHER), given("b", OTHER)];
    await failure("ERR_IMPORT_CONFLICT", () => imports.importKeys(twice, REPLACE));
    assert.is(keystore.saves, saves);
    const results = await imports.importKeys(twice, SKIP);
    assert.equal(results.map(({ outcome }) => outcome), ["created", "skipped"]);
    // A key that goes in the same request makes room for it.
    const moved = [given("renamed", CLAUDE.replace("3", "4")), given("openai", OPENAI)];
    const outcomes = await imports.importKeys(moved, REPLACE);
    assert.equal(outcomes.map(({ outcome }) => outcome), ["replaced", "created"]);
    for (const alias of await aliases()) await keys.revoke(parseAlias(alias));
    for (const key of [OPENAI, CLAUDE, OTHER]) assert.is(await verdict(key), "NOT_FOUND");
  });
});

test("a key that its alias had before comes back to it, and to no other", async () => {
  await withKeystore(async ({ folder, keys, imports, verdict }) => {
    const alias = parseAlias("mcp-openai");
    const source = fixture("jdk17-metricshub.p12");
    await imports.importKeystore(source, REFUSE);
    await keys.rotate(alias, { graceSeconds: 3_600 });
    const results = await imports.importKeystore(source, REPLACE);
    assert.equal(results.keys[0], { alias, outcome: "replaced" });
    assert.is(await verdict(OPENAI), "VALID");
    // Another alias has what the source's alias had before.
    const path = `${folder}/source.p12`;
    copyFileSync(fixturePath("jdk17-metricshub.p12"), path);
    const other = new KeyService({ keystore: openKeystore(path), clock: systemClock });
    await other.rotate(alias, { graceSeconds: 3_600 });
    const name = parseAlias("renamed");
    await other.revise(alias, { alias: name });
    const octets = from(readFileSync(path));
    await failure("ERR_IMPORT_CONFLICT", () => imports.importKeystore(octets, REPLACE));
    const { keys: skipped } = await imports.importKeystore(octets, SKIP);
    assert.equal(skipped.find(({ sameAs }) => sameAs === alias)?.outcome, "skipped");
  });
});

test("names what cannot be opened, and imports all else", async () => {
  const source = await madeKeystore([
    { name: "api_key:theirs", payload: OTHER, password: "not secret" },
    { name: "api_key:undated", payload: `${OTHER}__tomorrow` },
    { name: "api_key:bad\u001b", payload: OTHER },
    { name: "api_key:..", payload: OTHER },
    { name: "api_key:", payload: OTHER },
    { name: "API_KEY:Upper", payload: `${OPENAI}__2031-01-01t00:00:00.500`, createdAt: 1234 },
    { name: "api_key:later", payload: CLAUDE, metadata: '{"v":2,"hours":"9-17"}' },
    { name: "user:admin", payload: "x" },
  ]);
  await withKeystore(async ({ keys, imports, verdict }) => {
    const { keys: results, otherEntries } = await imports.importKeystore(from(source), REFUSE);
    assert.equal(Object.fromEntries(results.map(({ alias, outcome }) => [alias, outcome])), {
      theirs: "unreadable",
      undated: "unreadable",
      "bad\u001b": "invalid-alias",
      "..": "invalid-alias",
      "": "invalid-alias",
      upper: "created",
      later: "created",
    });
    assert.is(otherEntries, 1);
    const upper = await keys.get(parseAlias("upper"));
    assert.equal([upper.createdAt, upper.expiry], [
      ...[1234 as Instant, parseExpiry("2031-01-01T00:00:00.5")],
    ]);
    // Whatever a later version meant by it.
    assert.is(await verdict(CLAUDE), "UNSUPPORTED");
  });
});

test("a wrong password and a damaged source look alike, and nothing is written", async () => {
  await withKeystore(async ({ keystore, imports }) => {
    const octets = readFixture("jdk17-own-password.p12");
    const password = new Secret("correct horse battery");
    const damaged = Uint8Array.from(octets);
    damaged[200] = (damaged[200] ?? 0) ^ 1;
    const sources = [
      from(octets),
      from(octets, { password: new Secret("wrong") }),
      from(damaged, { password }),
      from(octets.subarray(0, 300), { password }),
      from(new Uint8Array([0x30])),
    ];
    const texts = new Set<string>();
    for (const source of sources) {
      texts.add(await failure("ERR_IMPORT_REFUSED", () => imports.importKeystore(source, REPLACE)));
    }
    assert.is(texts.size, 1);
    assert.is(keystore.saves, 0);
  });
});

test("refuses a source that asks for endless work", async () => {
  await withKeystore(async ({ imports }) => {
    const source = from(new Uint8Array(64 * 1024 * 1024 + 1));
    await failure("ERR_IMPORT_REFUSED", () => imports.importKeystore(source, REPLACE));
  });
});

function given(alias: string, key: string, fields: Partial<GivenKey> = {}): GivenKey {
  return {
    alias: parseAlias(alias),
    secret: new Secret(key),
    expiry: undefined,
    metadata: undefined,
    isDisabled: false,
    ...fields,
  };
}

test("takes keys one by one, expired and disabled ones too", async () => {
  await withKeystore(async ({ keystore, keys, imports, verdict }) => {
    const all = [
      given("a", OPENAI, { metadata: { owner: "ops" } }),
      given("b", CLAUDE, { expiry: parseExpiry("2020-01-01T00:00") }),
      given("c", OTHER, { isDisabled: true }),
    ];
    for (const outcome of ["created", "unchanged"]) {
      const results = await imports.importKeys(all, REFUSE);
      assert.equal(results.map((result) => result.outcome), [outcome, outcome, outcome]);
      assert.is(keystore.saves, 1);
    }
    const verdicts = await Promise.all([OPENAI, CLAUDE, OTHER].map(verdict));
    assert.equal(verdicts, ["VALID", "EXPIRED", "DISABLED"]);
    assert.is((await keys.get(parseAlias("a"))).metadata.owner, "ops");
    const [one, another] = ["1", "2"].map((digit) => digit + OTHER.slice(1)) as [string, string];
    const other = [given("d", one), given("a", another)];
    await failure("ERR_ALIAS_EXISTS", () => imports.importKeys(other, REFUSE));
    assert.is(keystore.saves, 1, "the whole request");
    const replaced = await imports.importKeys(other, REPLACE);
    assert.equal(replaced.map(({ outcome }) => outcome), ["created", "replaced"]);
    assert.is(await verdict(OPENAI), "NOT_FOUND");
    // Nothing is said of the new one that was said of the one before.
    assert.is((await keys.get(parseAlias("a"))).metadata.owner, undefined);
  }, "jdk17-attributes.p12");
});

test.run();
