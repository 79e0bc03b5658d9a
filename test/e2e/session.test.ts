// What an operator sees at a shell, to the letter where the documentation shows it.
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import packageJson from "../../package.json" with { type: "json" };
import { COMMAND } from "../support/command.ts";
import { startDaemonWith } from "../support/daemon.ts";
import { apikey, execute, type Outcome } from "../support/execute.ts";
import { mountNamespace } from "../support/mount_namespace.ts";
import { requiring } from "../support/requirements.ts";
import { KEYSTORE_NAME, temporaryFolder } from "../support/temporary_folder.ts";
import { WAYS } from "../support/ways.ts";

const KEY = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

type Run = (...args: readonly string[]) => Promise<Outcome>;

/** The documented session, from an empty keystore to an empty keystore. */
async function assertSession(run: Run): Promise<void> {
  await assertPrints(run("list"), "No API keys found.\n");
  const openai = await create(run, ["--alias", "mcp-openai"], "mcp-openai");
  const claude = await create(run, ["mcp-claude"], "mcp-claude");
  const stars = "*".repeat(20);
  await assertPrints(
    run("list"),
    `mcp-openai ${stars}${openai.slice(-4)}\nmcp-claude ${stars}${claude.slice(-4)}\n`,
  );
  await assertPrints(
    run("revoke", "--alias", "mcp-openai"),
    "API key 'mcp-openai' has been revoked.\n",
  );
  await assertPrints(run("list"), `mcp-claude ${stars}${claude.slice(-4)}\n`);
  await assertPrints(run("revoke", "mcp-claude"), "API key 'mcp-claude' has been revoked.\n");
  await assertPrints(run("list"), "No API keys found.\n");
}

async function create(run: Run, args: readonly string[], alias: string): Promise<string> {
  const { status, stdout, stderr } = await run("create", ...args);
  assert.is(status, 0, stderr);
  assert.is(stderr, "");
  const pattern = `^API key created for alias '${alias}': (${KEY})\n` +
    "Please store this key securely, as it will not be shown again.\n$";
  const [, key = ""] = new RegExp(pattern).exec(stdout) ?? [];
  assert.match(stdout, new RegExp(pattern));
  return key;
}

async function assertPrints(run: Promise<Outcome>, stdout: string): Promise<void> {
  assert.equal(await run, { status: 0, stdout, stderr: "" });
}

for (const { way, open } of WAYS) {
  test(`the documented session, ${way}`, async () => {
    using folder = temporaryFolder();
    await using opened = await open(folder.file(KEYSTORE_NAME));
    await assertSession(opened.apikey);
  });

  test(`lists what Java wrote, with its expiries, ${way}`, async () => {
    using folder = temporaryFolder();
    await using opened = await open(folder.keystore("jdk17-metricshub.p12"));
    await assertPrints(
      opened.apikey("list"),
      "mcp-openai ********************8986\n" +
        "mcp-claude ********************15f3 (Expires on 2031-12-31T23:59:59)\n" +
        "retired ********************7e11 (Expired on 2021-06-30T12:00:00)\n",
    );
  });

  test(`answers as the upstream tool where it refuses, ${way}`, async () => {
    using folder = temporaryFolder();
    await using opened = await open(folder.keystore("jdk17-metricshub.p12"));
    assert.equal(await opened.apikey("create", "mcp-openai"), {
      status: 1,
      stdout: "",
      stderr: "Error creating API key with alias 'mcp-openai': " +
        "An API key with alias 'mcp-openai' already exists.\n",
    });
    assert.equal(await opened.apikey("revoke", "nobody"), {
      status: 1,
      stdout: "",
      stderr: "No API key found with alias 'nobody'.\n",
    });
  });

  test(`prints JSON for programs, ${way}`, async () => {
    using folder = temporaryFolder();
    await using opened = await open(folder.keystore("jdk17-metricshub.p12"));
    const created = await json(opened.apikey("create", "--json", "--alias", "Agent"));
    assert.equal(Object.keys(created), [
      "alias",
      "key",
      "createdAt",
      "expiresAt",
      "expiresOn",
    ]);
    assert.is(created["alias"], "agent");
    assert.match(String(created["key"]), new RegExp(`^${KEY}$`));
    assert.match(String(created["createdAt"]), INSTANT);
    assert.equal([created["expiresAt"], created["expiresOn"]], [null, null]);

    const { keys } = await json(opened.apikey("list", "--json")) as {
      keys: Record<string, unknown>[];
    };
    assert.equal(keys.map(({ alias }) => alias), ["mcp-openai", "mcp-claude", "retired", "agent"]);
    const [, claude = {}, retired, agent] = keys;
    assert.match(String(claude["createdAt"]), INSTANT);
    assert.equal({ ...claude, createdAt: "", expiresAt: "" }, {
      alias: "mcp-claude",
      maskedKey: "********************15f3",
      createdAt: "",
      expiresAt: "",
      expiresOn: "2031-12-31T23:59:59",
      expired: false,
      readable: true,
      disabled: false,
      description: null,
      owner: null,
      scopes: [],
      networks: [],
      supported: true,
      replacedBy: null,
      lastUsedAt: null,
      uses: 0,
    });
    assert.is(claude["expiresAt"], new Date("2031-12-31T23:59:59").toISOString());
    assert.is(retired?.["expired"], true);
    assert.is(agent?.["maskedKey"], "*".repeat(20) + String(created["key"]).slice(-4));
    assert.is(agent?.["createdAt"], created["createdAt"]);

    const revoked = await json(opened.apikey("revoke", "--json", "AGENT"));
    assert.equal(revoked, { alias: "agent", revoked: true });

    const status = await json(opened.apikey("status", "--json"));
    assert.equal(Object.keys(status), [
      "version",
      "server",
      "keystore",
      "password",
      "auditLog",
      "warnings",
      "commandVersion",
    ]);
    const { path, exists, keys: count, otherEntries } = status["keystore"] as Record<
      string,
      unknown
    >;
    // Two of the others are what the audit log is signed with.
    assert.equal([path, exists, count, otherEntries], [folder.file(KEYSTORE_NAME), true, 3, 4]);

    const refused = await opened.apikey("revoke", "--json", "agent");
    assert.is(refused.status, 1);
    assert.is(refused.stdout, "");
    const { code, exitStatus } = JSON.parse(refused.stderr);
    assert.equal([code, exitStatus], ["ERR_ALIAS_UNKNOWN", 1]);
  });
}

async function json(run: Promise<Outcome>): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await run;
  assert.is(status, 0, stderr);
  assert.is(stderr, "");
  assert.match(stdout, /^[^\n]+\n$/);
  return JSON.parse(stdout);
}

const rootTest = requiring(test, "linux", "root", "mount");

/** Nothing of an installed MetricsHub is seen or touched. */
function emptyHost() {
  return mountNamespace("mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/lib");
}

rootTest("the documented session without any option, with and without a daemon", async () => {
  await using host = await emptyHost();
  const run: Run = (...args) => execute(host.enter([...COMMAND, ...args]));
  await assertSession(run);
  const { server: own, keystore } = await json(run("status", "--json")) as {
    server: { role: string };
    keystore: { path: string };
  };
  assert.is(own.role, "command");
  assert.is(keystore.path, "/var/lib/metricshub/security/metricshub-keystore.p12");

  const socket = host.outside("/run/metricshub/apikey.sock");
  await using _daemon = await startDaemonWith({ args: [], socket, wrap: host.enter });
  await assertSession(run);
  const { server } = await json(run("status", "--json")) as { server: { role: string } };
  assert.is(server.role, "daemon");
});

test("tells its version", async () => {
  await assertPrints(apikey(["--version"]), `apikey ${packageJson.version}\n`);
});

// The source has no page beside it.
if (COMMAND.length === 1 && basename(COMMAND[0]) === "apikey") {
  test("comes with its manual page", () => {
    const page = readFileSync(join(dirname(COMMAND[0]), "apikey.1"), "utf8");
    const title = `^\\.TH APIKEY 1 \\d{4}-\\d\\d-\\d\\d "apikey ${packageJson.version}" `;
    assert.match(page, new RegExp(title));
    assert.match(page, '\n.SS "apikey create [alias]"\n');
  });
}

test("without arguments: what there is, and exit status 2", async () => {
  const { status, stdout } = await apikey([]);
  assert.is(status, 2);
  assert.match(stdout, "Usage:");
});

test("every command that --help lists has a --help with an example", async () => {
  const { status, stdout } = await apikey(["--help"]);
  assert.is(status, 0);
  const [, list = ""] = /^Commands:\n((?: +\S.*\n)+)/m.exec(stdout) ?? [];
  const names = list.trimEnd().split("\n").map((line) => line.trim().split(/[ [<]/, 1)[0] ?? "");
  for (const name of ["create", "list", "revoke", "status", "daemon"]) {
    assert.ok(names.includes(name), `${name} is not in ${stdout}`);
  }
  const helps = await Promise.all(names.map((name) => apikey([name, "--help"])));
  names.forEach((name, index) => {
    const help = helps[index];
    assert.is(help?.status, 0);
    assert.is(help?.stderr, "");
    assert.match(help?.stdout ?? "", new RegExp(`^ *\\$ apikey ${name}\\b`, "m"));
    assert.not.match(help?.stdout ?? "", "\x1b");
  });
});

const MISUSES: readonly { readonly argv: readonly string[]; readonly says?: string }[] = [
  { argv: ["lsit"], says: "'list'" },
  { argv: ["craete", "--alias", "x"], says: "'create'" },
  { argv: ["list", "--jsno"], says: "'--json'" },
  { argv: ["create", "--alais", "x"], says: "'--alias'" },
  { argv: ["daemon", "--sokcet", "x"], says: "'--socket'" },
  { argv: ["frobnicate"], says: "--help" },
  { argv: ["--frobnicate"], says: "--help" },
  { argv: ["create"], says: "--alias" },
  { argv: ["revoke"], says: "--alias" },
  { argv: ["create", "--alias"] },
  { argv: ["create", "--alias", "--json"], says: "--alias=--json" },
  { argv: ["create", "x", "y"] },
  { argv: ["create", "x", "--alias", "y"] },
  { argv: ["create", "--alias", "x", "--alias", "y"] },
  { argv: ["list", "x"] },
  { argv: ["list", "--json=yes"] },
  { argv: ["list", "-j"] },
  { argv: ["list", "--keystore", "x", "--socket", "y"] },
  { argv: ["daemon", "--socket-mode", "999"] },
  { argv: ["daemon", "--admin-group", "no-such-group"] },
  { argv: ["\x1b[2J"] },
];

for (const { argv, says } of MISUSES) {
  test(`misuse: ${JSON.stringify(argv)}`, async () => {
    // A misuse that goes unnoticed should not reach a real keystore.
    using folder = temporaryFolder();
    const keystore = folder.file(KEYSTORE_NAME);
    const { status, stdout, stderr } = await apikey(argv, { env: { APIKEY_KEYSTORE: keystore } });
    assert.is(status, 2, stderr);
    assert.is(stdout, "");
    assert.match(stderr, /^[^\n\p{Cc}]+\n$/u);
    if (says !== undefined) assert.ok(stderr.includes(says), stderr);
  });
}

test.run();
