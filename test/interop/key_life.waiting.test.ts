// What becomes of keys, in the eyes of Java programs and of other readers of the file.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type JavaTool, readers, startJavaTool, withoutAuditEntry } from "../support/java.ts";
import { requiring } from "../support/requirements.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { TRIED_WAYS, type Way, WAYS } from "../support/ways.ts";
import { BUILT_IN_PASSWORD } from "./fixtures.ts";
import { setUpWith } from "./setup.ts";

const OPENAI = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
const CLAUDE = "3f2b1c4d-8e5f-4a2b-bc15-0ba0f60b15f3";
const JAVA_KEY = "7c1d3f0a-6b1e-4a58-8f7e-2d9b60c1e5aa";
const METADATA_OID = "2.25.3336812849044981";

let java: JavaTool;

const javaTest = requiring(test, "javac");
const readersTest = requiring(test, "javac", "openssl", "certtool", "pk12util");

test.before(setUpWith(["javac"], async () => {
  java = await startJavaTool();
}));

test.after(async () => {
  await java?.close();
});

async function does(way: Way, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await way.apikey(...args);
  assert.equal([status, stderr], [0, ""], args.join(" "));
  return stdout;
}

async function shown(way: Way, alias: string): Promise<Record<string, unknown>> {
  return JSON.parse(await does(way, "show", alias, "--json"));
}

/** What MetricsHub's server makes of a key. */
async function scanned(file: string, key: string): Promise<string> {
  const scan = await java.scan(file, BUILT_IN_PASSWORD, key);
  return "alias" in scan ? `${scan.outcome} ${scan.alias}` : scan.outcome;
}

/** The daemon takes away what is over by itself. */
async function untilGone(way: Way, alias: string): Promise<void> {
  const deadline = performance.now() + 90_000;
  while ((await way.apikey("show", alias)).status === 0) {
    assert.ok(performance.now() < deadline, `${alias} is still there`);
    await sleep(250);
  }
}

const DESCRIBE = [
  ...["describe", "mcp-openai", "--description", "nächtlicher Bericht", "--owner", "ops"],
  ...[
    "--scope",
    "mcp:read",
    "--scope",
    "rest:*",
    "--cidr",
    "10.0.0.0/8",
    "--cidr",
    "2001:DB8::/32",
  ],
];

const DESCRIBED = {
  alias: "mcp-openai",
  description: "nächtlicher Bericht",
  owner: "ops",
  scopes: ["mcp:read", "rest:*"],
  networks: ["10.0.0.0/8", "2001:db8::/32"],
  disabled: false,
  supported: true,
};

function pick(key: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(DESCRIBED).map((name) => [name, key[name]]));
}

for (const { way, open } of TRIED_WAYS) {
  javaTest(`what is said of a key is there after Java has written the file, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-metricshub.p12");
    await using opened = await open(keystore);
    const before = await java.dump(keystore, BUILT_IN_PASSWORD);
    const key = await shown(opened, "mcp-openai");
    await does(opened, ...DESCRIBE);
    for (const alias of ["theirs", "more"]) {
      await java.add(keystore, BUILT_IN_PASSWORD, alias, JAVA_KEY);
      await java.remove(keystore, BUILT_IN_PASSWORD, alias);
      assert.equal(pick(await shown(opened, "mcp-openai")), DESCRIBED);
    }
    assert.is(await scanned(keystore, OPENAI), "valid mcp-openai");
    const [entry] = (await java.dump(keystore, BUILT_IN_PASSWORD)).filter(({ name }) =>
      name === "api_key:mcp-openai"
    );
    const attribute = entry?.attributes?.find(({ oid }) => oid === METADATA_OID);
    assert.is(JSON.parse(attribute?.value ?? "").owner, "ops");
    const clear = ["description", "owner", "scope", "cidr"].flatMap((field) => ["--clear", field]);
    await does(opened, "describe", "mcp-openai", ...clear);
    assert.equal(await shown(opened, "mcp-openai"), key);
    const after = withoutAuditEntry(await java.dump(keystore, BUILT_IN_PASSWORD));
    assert.equal(after, before, "as it was");
  });

  javaTest(`MetricsHub does not see a disabled key, and all others, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-metricshub.p12");
    await using opened = await open(keystore);
    const before = await java.dump(keystore, BUILT_IN_PASSWORD);
    // The first one in the file: a scan that stopped there would not come to the next.
    assert.is(
      await does(opened, "disable", "mcp-openai"),
      "API key 'mcp-openai' has been disabled.\n",
    );
    assert.is(await scanned(keystore, OPENAI), "unknown");
    assert.is(await scanned(keystore, CLAUDE), "valid mcp-claude");
    assert.match(await does(opened, "list"), /^mcp-openai \*+8986 \(Disabled\)\n/);
    await does(opened, ...DESCRIBE);
    await java.add(keystore, BUILT_IN_PASSWORD, "theirs", JAVA_KEY);
    assert.equal(pick(await shown(opened, "mcp-openai")), { ...DESCRIBED, disabled: true });
    await does(opened, "rename", "mcp-openai", "agent");
    await does(opened, "enable", "AGENT");
    assert.is(await scanned(keystore, OPENAI), "valid agent");
    await does(opened, "revoke", "theirs");
    await does(opened, "rename", "agent", "mcp-openai");
    const clear = ["description", "owner", "scope", "cidr"].flatMap((field) => ["--clear", field]);
    await does(opened, "describe", "mcp-openai", ...clear);
    const after = withoutAuditEntry(await java.dump(keystore, BUILT_IN_PASSWORD));
    assert.equal(after, before, "as it was");
  });

  javaTest(
    `a key and the one before it work beside each other until the grace ends, ${way}`,
    async () => {
      using folder = temporaryFolder();
      const keystore = folder.keystore("jdk17-metricshub.p12");
      await using opened = await open(keystore);
      await does(opened, ...DESCRIBE);
      const rotated = JSON.parse(
        await does(opened, "rotate", "mcp-openai", "--grace", "9s", "--json"),
      ) as { key: string; previous: { alias: string; expiresAt: string } };
      assert.is(rotated.previous.alias, "mcp-openai~1");
      await java.add(keystore, BUILT_IN_PASSWORD, "theirs", JAVA_KEY);
      assert.is(await scanned(keystore, OPENAI), "valid mcp-openai~1");
      assert.is(await scanned(keystore, rotated.key), "valid mcp-openai");
      assert.equal(pick(await shown(opened, "mcp-openai")), DESCRIBED);
      assert.is((await shown(opened, "mcp-openai~1"))["replacedBy"], "mcp-openai");
      // Java refuses it in the second in which we do.
      await sleep(Date.parse(rotated.previous.expiresAt) + 1_000 - Date.now());
      assert.is(await scanned(keystore, rotated.key), "valid mcp-openai");
      assert.ok(["expired mcp-openai~1", "unknown"].includes(await scanned(keystore, OPENAI)));
      assert.is((await shown(opened, "mcp-openai"))["disabled"], false);
      if (way === "through a daemon") await untilGone(opened, "mcp-openai~1");
      const again = await does(opened, "rotate", "mcp-openai", "--grace", "0", "--json");
      assert.is(JSON.parse(again).previous, null);
      assert.is(await scanned(keystore, rotated.key), "unknown");
      assert.is(await scanned(keystore, OPENAI), "unknown");
      const names = (await java.dump(keystore, BUILT_IN_PASSWORD)).map(({ name }) => name);
      assert.equal(names.filter((name) => name.startsWith("api_key:mcp-openai")), [
        "api_key:mcp-openai",
      ]);
    },
  );

  javaTest(`a key that Java makes under a disabled one's alias counts, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-metricshub.p12");
    await using opened = await open(keystore);
    await does(opened, "disable", "mcp-openai");
    await java.add(keystore, BUILT_IN_PASSWORD, "mcp-openai", JAVA_KEY);
    const { maskedKey, disabled } = await shown(opened, "mcp-openai");
    assert.equal([String(maskedKey).slice(-4), disabled], ["e5aa", false]);
    await does(opened, "revoke", "mcp-openai");
    assert.is(await scanned(keystore, JAVA_KEY), "unknown");
    assert.is((await opened.apikey("enable", "mcp-openai")).status, 1);
  });
}

readersTest("other readers open a keystore with metadata and a disabled key", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  await using opened = await WAYS[0]!.open(keystore);
  await does(opened, ...DESCRIBE);
  await does(opened, "disable", "mcp-claude");
  const secret = await mkdtemp(join(tmpdir(), "apikey-life-"));
  try {
    const passwordFile = join(secret, "password");
    await writeFile(passwordFile, BUILT_IN_PASSWORD);
    for (const { reader, status, output } of await readers(keystore, passwordFile)) {
      assert.is(status, 0, `${reader}: ${output}`);
      if (reader === "pk12util") continue; // It names keys alone.
      // What comes behind metadata is there, too.
      for (const name of ["api_key:mcp-openai", "disabled_api_key:mcp-claude", "masterkey"]) {
        assert.ok(output.includes(name), `${reader} names ${name}`);
      }
    }
  } finally {
    await rm(secret, { recursive: true });
  }
});

test.run();
