// The judge before the judged: what KeystoreTool.java says about keystores
// whose content is known.
import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BUILT_IN_PASSWORD, type FixtureKey, fixturePath, FIXTURES } from "./fixtures.ts";
import {
  type JavaEntry,
  JavaError,
  type JavaTool,
  readers,
  startJavaTool,
} from "../support/java.ts";
import { requiring } from "../support/requirements.ts";
import { setUpWith } from "./setup.ts";

const NEW_KEY = "7c1d3f0a-6b1e-4a58-8f7e-2d9b60c1e5aa";
const METRICSHUB = "jdk17-metricshub.p12";

let tool: JavaTool;
let folder: string;

const javaTest = requiring(test, "javac");
const readersTest = requiring(test, "javac", "openssl", "certtool", "pk12util");

test.before(setUpWith(["javac"], async () => {
  folder = await mkdtemp(join(tmpdir(), "apikey-java-"));
  tool = await startJavaTool();
}));

test.after(async () => {
  await tool?.close();
  if (folder) await rm(folder, { recursive: true });
});

for (const fixture of FIXTURES) {
  const path = fixturePath(fixture.file);

  javaTest(`dumps every entry of ${fixture.file} in its order`, async () => {
    const entries = await tool.dump(path, fixture.password);
    assert.equal(entries.map((entry) => entry.name), fixture.names);
    for (const key of fixture.keys) {
      const entry = named(entries, `api_key:${key.alias}`);
      assert.is(payload(entry), payloadOf(key));
      assert.is(entry.openedWith, "entry");
    }
  });

  javaTest(`scans ${fixture.file} as the web server does`, async () => {
    for (const { alias, key, expiry } of fixture.keys) {
      assert.equal(await tool.scan(path, fixture.password, key), {
        outcome: alias === "retired" ? "expired" : "valid",
        alias,
        expiry: expiry ?? null,
      });
    }
    assert.equal(await tool.scan(path, fixture.password, NEW_KEY), {
      outcome: "unknown",
    });
  });

  javaTest(`refuses ${fixture.file} under another password`, async () => {
    await fails(tool.dump(path, "wrong"), "java.io.IOException");
  });

  javaTest(`refuses ${fixture.file} with one bit changed`, async () => {
    const copy = await copyOf(fixture.file);
    const bytes = await readFile(copy);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await writeFile(copy, bytes);
    await fails(tool.dump(copy, fixture.password), "java.io.IOException");
  });

  readersTest(`foreign readers open ${fixture.file}`, async () => {
    const passwordFile = join(folder, "password");
    await writeFile(passwordFile, fixture.password);
    for (
      const { reader, status, output } of await readers(path, passwordFile)
    ) {
      assert.is(status, 0, `${reader}: ${output}`);
      const blind = reader === "pk12util" ||
        reader === "certtool" && fixture.beyondGnutls;
      for (const name of blind ? [] : fixture.names.slice(0, 32)) {
        assert.ok(output.includes(name), `${reader} names ${name}`);
      }
    }
  });
}

javaTest("opens masterkey with the store password and users with the entry's", async () => {
  const entries = await dumpFixture(METRICSHUB);
  const masterkey = named(entries, "masterkey");
  assert.is(masterkey.openedWith, "store");
  assert.is(payload(masterkey), "0123456789abcdef0123456789abcdef");
  const user = named(entries, "user:admin");
  assert.is(user.openedWith, "entry");
  assert.match(payload(user), /^admin__§m8b_user_info§__\$2a\$10\$/);
});

javaTest("reads keys and certificates", async () => {
  const entries = await dumpFixture("jdk17-mixed-certificates.p12");
  const webserver = named(entries, "webserver");
  assert.is(webserver.kind, "private");
  assert.is(webserver.openedWith, "store");
  assert.is(webserver.algorithm, "EC");
  assert.is(webserver.certificates.length, 1);
  const authority = named(entries, "example-ca");
  assert.is(authority.kind, "certificate");
  const [certificate = ""] = authority.certificates;
  assert.match(
    new X509Certificate(Buffer.from(certificate, "hex")).fingerprint256,
    /^DE:AB:63:14:/,
  );
});

javaTest("reads creation dates and attributes under foreign OIDs", async () => {
  const [tagged] = await dumpFixture("jdk17-attributes.p12");
  assert.is(tagged?.createdAtMs, 1795394016172);
  const foreign = tagged?.attributes?.find(({ oid }) => oid.startsWith("2.25."));
  assert.is(foreign?.oid, "2.25.113059749145936325402354257176981405696");
  assert.is(foreign?.value, '{"note":"kept by Java"}');
  assert.is(foreign?.der.length, 2 * 51);
  assert.is(tagged?.attributes?.length, 3);
});

javaTest("adds and removes API keys without touching the rest", async () => {
  const file = await copyOf(METRICSHUB);
  const before = await tool.dump(file, BUILT_IN_PASSWORD);
  await tool.add(
    file,
    BUILT_IN_PASSWORD,
    "Agent 7",
    NEW_KEY,
    "2031-01-01T00:00",
  );
  const after = await tool.dump(file, BUILT_IN_PASSWORD);
  assert.equal(after.slice(0, -1), before);
  assert.is(after.at(-1)?.name, "api_key:agent 7");
  assert.equal(await tool.scan(file, BUILT_IN_PASSWORD, NEW_KEY), {
    outcome: "valid",
    alias: "agent 7",
    expiry: "2031-01-01T00:00",
  });
  await fails(
    tool.add(file, BUILT_IN_PASSWORD, "AGENT 7", NEW_KEY),
    "java.lang.IllegalStateException",
  );
  await tool.remove(file, BUILT_IN_PASSWORD, "agent 7");
  assert.equal(await tool.dump(file, BUILT_IN_PASSWORD), before);
});

javaTest("carries any alias and any attribute", async () => {
  const file = join(folder, "new.p12");
  await tool.create(file, "changeit");
  assert.equal(await tool.dump(file, "changeit"), []);
  const alias = 'tab\t"quote" back\\slash § 鍵 🔑';
  await tool.add(file, "changeit", alias, NEW_KEY);
  const oid = "1.3.6.1.4.1.311.17.1";
  await tool.put(file, "changeit", "x", Buffer.of(0, 255), "other", [oid, "é"]);
  const [first, second] = await tool.dump(file, "changeit");
  assert.is(first?.name, `api_key:${alias}`);
  assert.is(second?.openedWith, undefined);
  await tool.put(file, "changeit", "x", Buffer.of(0, 255), "secret", [
    oid,
    "é",
  ]);
  const x = named(await tool.dump(file, "changeit"), "x");
  assert.is(x.key, "00ff");
  assert.is(x.attributes?.find((found) => found.oid === oid)?.value, "é");
});

const aborting: readonly (readonly [string, string, string, string])[] = [
  [
    "an entry that does not open",
    NEW_KEY,
    "another",
    "java.security.UnrecoverableKeyException",
  ],
  [
    "a date that does not parse",
    `${NEW_KEY}__2031-02-30T00:00`,
    "secret",
    "java.time.format.DateTimeParseException",
  ],
  [
    "an instant with a zone",
    `${NEW_KEY}__2031-02-03T00:00:00Z`,
    "secret",
    "java.time.format.DateTimeParseException",
  ],
];

for (const [what, text, protection, error] of aborting) {
  javaTest(`${what} ends the scan`, async () => {
    const file = await copyOf(METRICSHUB);
    const bytes = Buffer.from(text);
    await tool.put(file, BUILT_IN_PASSWORD, "api_key:bad", bytes, protection);
    const late = "0f8e7d6c-5b4a-4392-8170-6f5e4d3c2b1a";
    await tool.add(file, BUILT_IN_PASSWORD, "late", late);
    const [openai] = FIXTURES[2]?.keys ?? [];
    const early = await tool.scan(file, BUILT_IN_PASSWORD, openai?.key ?? "");
    assert.is(early.outcome, "valid");
    assert.equal(await tool.scan(file, BUILT_IN_PASSWORD, late), {
      outcome: "aborted",
      error,
    });
  });
}

javaTest("fills a keystore", async () => {
  const file = join(folder, "filled.p12");
  await tool.create(file, BUILT_IN_PASSWORD);
  await tool.fill(file, BUILT_IN_PASSWORD, 3);
  const names = (await tool.dump(file, BUILT_IN_PASSWORD)).map(({ name }) => name);
  assert.equal(names, ["api_key:k0", "api_key:k1", "api_key:k2"]);
});

async function dumpFixture(file: string): Promise<readonly JavaEntry[]> {
  return await tool.dump(fixturePath(file), BUILT_IN_PASSWORD);
}

async function copyOf(file: string): Promise<string> {
  const copy = join(folder, file);
  await copyFile(fixturePath(file), copy);
  await chmod(copy, 0o600);
  return copy;
}

function named(entries: readonly JavaEntry[], name: string): JavaEntry {
  const entry = entries.find((candidate) => candidate.name === name);
  if (!entry) throw new Error(`no entry ${name}`);
  return entry;
}

function payload(entry: JavaEntry): string {
  return Buffer.from(entry.key ?? "", "hex").toString("utf8");
}

function payloadOf({ key, expiry }: FixtureKey): string {
  return expiry ? `${key}__${expiry}` : key;
}

async function fails(operation: Promise<unknown>, name: string): Promise<void> {
  const error = await operation.then(() => undefined, (reason) => reason);
  assert.instance(error, JavaError);
  assert.is((error as JavaError).name, name);
}

test.run();
