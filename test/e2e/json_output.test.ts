// What programs read: every command's --json, held to the published schema without a field beside.
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMANDS } from "../../src/cli/commands.ts";
import schema from "../../src/cli/output.schema.json" with { type: "json" };
import { startDaemon } from "../support/daemon.ts";
import { apikey } from "../support/execute.ts";
import { outputJudge } from "../support/output_schema.ts";
import { copyFixture, KEYSTORE_NAME, temporaryFolder } from "../support/temporary_folder.ts";

/** A command line, what it ends with, and what must be in its document for the case to be one. */
interface Line {
  readonly argv: readonly string[];
  readonly status?: number;
  readonly input?: string;
  readonly shows?: RegExp;
}

const judge = outputJudge();
const exercised = new Set<string>();

const OPENAI = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
const RETIRED = "0d9c4f3e-51c7-4f3b-9d52-6a1f0c2b7e11";

/** On MetricsHub's own keystore, one after the other. `FOLDER/` is a folder with a leak in it. */
const SESSION: readonly Line[] = [
  { argv: ["create", "plain"] },
  {
    argv: ["create", "full", "--expires-in=30d", "--owner=o", "--scope=a:b", "--cidr=10.0.0.0/8"],
    shows: /"expiresOn":"/,
  },
  { argv: ["create", "filed", "--output-file=FOLDER/key"], shows: /"outputFile"/ },
  { argv: ["create", "plain"], status: 1, shows: /"ERR_ALIAS_EXISTS"/ },
  { argv: ["create"], status: 2, shows: /"ERR_USAGE"/ },
  { argv: ["disable", "plain"], shows: /"disabled":true/ },
  { argv: ["enable", "plain"], shows: /"disabled":false/ },
  { argv: ["describe", "plain", "--description=d"], shows: /"description":"d"/ },
  { argv: ["rename", "plain", "renamed"], shows: /"alias":"renamed"/ },
  { argv: ["rotate", "full", "--grace=1h"], shows: /"previous":\{/ },
  { argv: ["rotate", "filed", "--grace=0", "--output-file=FOLDER/new"], shows: /"previous":null/ },
  { argv: ["show", "full~1"], shows: /"replacedBy":"full"/ },
  { argv: ["list"], shows: /"expired":true/ },
  { argv: ["list", "--expiring-within=1s"], shows: /"keys":\[\]/ },
  { argv: ["verify"], input: OPENAI, shows: /"VALID"/ },
  { argv: ["verify"], input: RETIRED, status: 3, shows: /"EXPIRED"/ },
  { argv: ["verify"], input: "nobody's", status: 3, shows: /"alias":null/ },
  { argv: ["scan", "FOLDER/leak", "FOLDER/nothing"], status: 3, shows: /"unread":\["/ },
  { argv: ["scan", "FOLDER/leak", "--revoke"], status: 3, shows: /"revoked":\["mcp-openai"\]/ },
  { argv: ["scan", "FOLDER/nothing"], status: 1, shows: /"findings":\[\]/ },
  { argv: ["revoke", "renamed"] },
  { argv: ["export"], shows: /"version":1/ },
  { argv: ["apply", "FOLDER/keys.yaml", "--dry-run"], shows: /"status":"planned"/ },
  { argv: ["apply", "FOLDER/keys.yaml"], shows: /"key":"[0-9a-f-]{36}"/ },
  { argv: ["apply", "FOLDER/keys.yaml", "--prune"], shows: /"reason":"unnamed"/ },
  { argv: ["import", "FOLDER/keys.csv"], shows: /"outcome":"created"/ },
  { argv: ["import", "FOLDER/keys.csv"], shows: /"outcome":"unchanged"/ },
  { argv: ["status"], shows: /"warnings":\["/ },
  { argv: ["doctor"], shows: /"severity":"hint"/ },
  { argv: ["keystore", "check"], shows: /"severity":"warning"/ },
  { argv: ["keystore", "info"], shows: /"generations":\[\{/ },
  { argv: ["keystore", "backup", "FOLDER/copy"] },
  { argv: ["keystore", "backup", "FOLDER/copy"], status: 1, shows: /"ERR_FILE"/ },
  { argv: ["keystore", "restore", "FOLDER/copy"], shows: /"keptAt":"/ },
  { argv: ["keystore", "restore", "FOLDER/leak"], status: 6, shows: /"ERR_RESTORE_REFUSED"/ },
  { argv: ["keystore", "rekey"], status: 1, shows: /"ERR_REKEY_REFUSED"/ },
  { argv: ["keystore", "rekey", "--force"], shows: /"path":"/ },
  { argv: ["audit", "certificate"], shows: /BEGIN CERTIFICATE/ },
  { argv: ["audit", "verify"], shows: /"intact":true/ },
  { argv: ["audit", "verify", "FOLDER/leak"], status: 3, shows: /"fault":"altered"/ },
  { argv: ["audit", "find", "--alias=full"], shows: /"of":/ },
  { argv: ["audit", "find"], input: OPENAI, status: 1, shows: /"records":\[\]/ },
  { argv: ["config", "check", "FOLDER/keys.yaml"], status: 2, shows: /"valid":false/ },
  { argv: ["config", "show"], shows: /"variable":"APIKEY_KEYSTORE"/ },
];

/** Two to create, one to change, one to revoke. */
const KEYS = JSON.stringify({
  version: 1,
  keys: [
    { alias: "declared", scopes: ["a:b"], networks: ["10.0.0.0/8"] },
    { alias: "declared too" },
    { alias: "full", description: "changed", owner: null },
    { alias: "mcp-claude", state: "absent" },
  ],
});

/** Where there is no keystore yet; none of these makes one but the last. */
const WITHOUT_KEYSTORE: readonly Line[] = [
  { argv: ["list"], shows: /"keys":\[\]/ },
  { argv: ["status"], shows: /"password":null/ },
  { argv: ["verify"], input: OPENAI, status: 1, shows: /"ERR_KEYSTORE_MISSING"/ },
  { argv: ["keystore", "check"], shows: /"exists":false/ },
  { argv: ["keystore", "restore", "FOLDER/certificates.p12"], shows: /"keptAt":null/ },
  { argv: ["keystore", "info"], shows: /"notAfter":"/ },
];

test("a session prints what the schema says", async () => {
  using folder = temporaryFolder();
  await perform(SESSION, folder.keystore("jdk17-metricshub.p12"), folder.path);
});

test("so it does without a keystore", async () => {
  using folder = temporaryFolder();
  copyFixture("jdk17-mixed-certificates.p12", folder.file("certificates.p12"));
  await perform(WITHOUT_KEYSTORE, folder.file(KEYSTORE_NAME), folder.path);
});

test("so it does of a keystore that is damaged", async () => {
  using folder = temporaryFolder();
  const keystore = folder.file(KEYSTORE_NAME);
  writeFileSync(keystore, "damaged", { mode: 0o600 });
  await perform(
    [
      { argv: ["keystore", "check"], status: 6, shows: /"opened":false/ },
      { argv: ["list"], status: 6, shows: /"ERR_KEYSTORE_UNREADABLE"/ },
    ],
    keystore,
    folder.path,
  );
});

test("so it does through a daemon, which counts how keys are used", async () => {
  using folder = temporaryFolder();
  const socket = folder.file("apikey.sock");
  await using _daemon = await startDaemon(folder.keystore("jdk17-metricshub.p12"), socket);
  const env = { APIKEY_SOCKET: socket };
  await performOne({ argv: ["verify"], input: OPENAI }, env, folder.path);
  await performOne({ argv: ["show", "mcp-openai"], shows: /"uses":1/ }, env, folder.path);
  await performOne(
    { argv: ["status"], shows: /"connections":\{"open":1,"users":1\}/ },
    env,
    folder.path,
  );
});

async function perform(lines: readonly Line[], keystore: string, folder: string): Promise<void> {
  writeFileSync(`${folder}/leak`, `${OPENAI}\n`);
  writeFileSync(`${folder}/keys.yaml`, KEYS);
  writeFileSync(`${folder}/keys.csv`, `alias,key\nimported,${randomUUID()}\n`);
  for (const line of lines) await performOne(line, { APIKEY_KEYSTORE: keystore }, folder);
}

async function performOne(
  { argv, status = 0, input = "", shows = /./ }: Line,
  env: Readonly<Record<string, string>>,
  folder: string,
): Promise<void> {
  const words = argv.map((word) => word.replace("FOLDER", folder));
  const outcome = await apikey([...words, "--json"], { env, input });
  const told = `${argv.join(" ")}: ${outcome.stdout}${outcome.stderr}`;
  assert.is(outcome.status, status, told);
  const { name } = COMMANDS.find(({ name }) => `${argv.join(" ")} `.startsWith(`${name} `)) ?? {};
  assert.ok(name, told);
  const isAnswer = outcome.stdout !== "";
  if (isAnswer) exercised.add(name);
  // One document, on one of the two.
  assert.match(outcome.stdout + outcome.stderr, /^[^\n]+\n$/, told);
  const document = JSON.parse(outcome.stdout + outcome.stderr);
  assert.match(outcome.stdout + outcome.stderr, shows);
  const definition = isAnswer ? name.replaceAll(" ", "-") : "error";
  assert.equal(judge(definition, document), [], told);
  if (!isAnswer) assert.is(document.exitStatus, status, told);
}

/** In a systemd of its own: test/systemd. */
const ELSEWHERE = ["service install", "service uninstall", "service status", "service print"];

test("every command with --json has printed something by now", () => {
  const names = COMMANDS.filter(({ options }) => options.some(({ name }) => name === "json"))
    .map(({ name }) => name);
  const missing = names.filter((name) => !exercised.has(name) && !ELSEWHERE.includes(name));
  assert.equal(missing, [], `add a line to SESSION: apikey ${missing.join(", ")} --json`);
});

test("every command has --json, but for the daemon and for what prints JSON anyway", () => {
  const without = COMMANDS.filter(({ options }) => !options.some(({ name }) => name === "json"));
  assert.equal(without.map(({ name }) => name), ["daemon", "schema", "completion"]);
});

test("the executable has the published schema with it", async () => {
  const { status, stdout, stderr } = await apikey(["schema"]);
  assert.equal([status, stderr, JSON.parse(stdout)], [0, "", schema]);
});

test("neither a field that is missing nor one that is not documented goes unnoticed", () => {
  const created = { alias: "a", key: "k", createdAt: null, expiresAt: null, expiresOn: null };
  assert.equal(judge("create", created), []);
  const { expiresOn: _removed, ...less } = created;
  const wrong = [less, { ...created, more: 1 }, { ...created, createdAt: "yesterday" }];
  for (const document of wrong) assert.ok(judge("create", document).length > 0);
  // The published schema itself promises no more than that there may be others.
  assert.not.match(JSON.stringify(schema), '"additionalProperties":false');
});

test.run();
