// Many keys at once: as they are declared, as they were exported, from elsewhere.
import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as v from "valibot";
import { applyOutputSchema, importOutputSchema } from "../../src/cli/output_schemas.ts";
import { COMMAND } from "../support/command.ts";
import { startDaemon } from "../support/daemon.ts";
import { apikey, environment, kill, type Outcome } from "../support/execute.ts";
import { fixturePath } from "../support/fixtures.ts";
import { jsonRequest, send } from "../support/http.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { TRIED_WAYS } from "../support/ways.ts";

const OPENAI = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
const OTHER = "7c1d3f0a-6b1e-4a58-8f7e-2d9b60c1e5aa";

async function does(run: Promise<Outcome>): Promise<string> {
  const { status, stdout, stderr } = await run;
  assert.equal([status, stderr], [0, ""]);
  return stdout;
}

function declaration(path: string, keys: readonly object[]): string {
  writeFileSync(path, JSON.stringify({ version: 1, keys }));
  return path;
}

for (const { way, open } of TRIED_WAYS) {
  test(`what is exported and applied changes nothing, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-metricshub.p12");
    await using opened = await open(keystore);
    await does(opened.apikey("describe", "mcp-openai", "--scope", "mcp:*", "--owner", "ops"));
    await does(opened.apikey("disable", "retired"));
    assert.is((await opened.apikey("rotate", "mcp-claude")).status, 0);
    const before = readFileSync(keystore);
    const path = folder.file("keys.yaml");
    await does(opened.apikey("export", "--output-file", path));
    assert.is(statSync(path).mode & 0o777, 0o600);
    assert.not.match(readFileSync(path, "utf8"), /8986|~1/);
    const applied = await does(opened.apikey("apply", path, "--prune"));
    assert.is(applied, "Nothing to do: 3 keys are as declared.\n");
    assert.equal(readFileSync(keystore), before);
  });

  test(`keys become what is declared, once, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-metricshub.p12");
    await using opened = await open(keystore);
    const file = folder.file("new.key");
    const path = declaration(folder.file("keys.json"), [
      { alias: "New", scopes: ["mcp:read"], expiresAt: "2051-01-01T00:00:00Z", outputFile: file },
      { alias: "mcp-openai", disabled: true },
    ]);
    const apply = async (...options: string[]) => {
      const output = JSON.parse(await does(opened.apikey("apply", path, "--json", ...options)));
      assert.ok(v.is(applyOutputSchema, output));
      return output;
    };
    const { changed, summary } = await apply("--prune");
    assert.equal([changed, summary.create, summary.change, summary.revoke], [true, 1, 1, 2]);
    assert.is((await apply("--prune")).changed, false);
    const { keys } = JSON.parse(await does(opened.apikey("list", "--json")));
    assert.equal(keys.map(({ alias, disabled }: Record<string, unknown>) => [alias, disabled]), [
      ["mcp-openai", true],
      ["new", false],
    ]);
    const input = readFileSync(file, "utf8");
    assert.is((await verify(way, keystore, input)).status, 0);
    // The keystore holds an expiry beside the key itself.
    declaration(path, [{ alias: "new", expiresOn: null }, { alias: "x" }]);
    const refused = await opened.apikey("apply", path);
    assert.equal([refused.status, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /^apikey: 'new': [^\n]*apikey rotate new\n$/);
  });

  test(`an import is one as a whole or none, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-attributes.p12");
    await using opened = await open(keystore);
    await does(opened.apikey("create", "mcp-openai"));
    const [before, source] = [readFileSync(keystore), fixturePath("jdk17-metricshub.p12")];
    const refused = await opened.apikey("import", source);
    assert.equal([refused.status, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /^apikey: 1 alias has [^\n]*'mcp-openai'[^\n]*--replace\n$/);
    const sealed = fixturePath("jdk17-own-password.p12");
    const wrong = await opened.apikey("import", sealed);
    assert.equal([wrong.status, wrong.stdout], [6, ""]);
    assert.match(wrong.stderr, /^apikey: cannot import [^\n]*: wrong password, or [^\n]*\n$/);
    assert.ok(wrong.stderr.includes(sealed));
    assert.match(wrong.stderr, "--source-password-file");
    const passwordFile = folder.file("password");
    writeFileSync(passwordFile, "not this");
    const given = await opened.apikey("import", sealed, "--source-password-file", passwordFile);
    assert.is(given.status, 6);
    assert.not.match(given.stderr, "--source-password-file");
    assert.equal(readFileSync(keystore), before);
    const printed = [await does(opened.apikey("import", source, "--replace", "--json"))];
    printed.push(await does(opened.apikey("import", source, "--json")));
    const outputs = printed.map((text) => JSON.parse(text));
    assert.ok(outputs.every((output) => v.is(importOutputSchema, output)));
    assert.equal(outputs.map(({ changed }) => changed), [true, false]);
    assert.not.match(printed.join(), OPENAI.slice(0, 8));
    assert.is((await verify(way, keystore, OPENAI)).status, 0);
  });

  test(`whoever is killed half-way and runs again ends where all do, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-attributes.p12");
    const [socket, keys] = [folder.file("apikey.sock"), folder.file("keys")];
    mkdirSync(keys);
    const declared = Array.from({ length: 200 }, (_, index) => ({ alias: `k${index}` }));
    const path = declaration(folder.file("keys.json"), declared);
    const args = ["apply", path, "--output-folder", keys, ...targetOf(way, keystore)];
    const serve = () => startDaemon(keystore, socket);
    let daemon = way === "in process" ? undefined : await serve();
    try {
      for (const count of [20, 120]) {
        await killAt(args, keys, count);
        // Once there is a wait, until nobody else can be at these files; for the others it is over.
        if (count < 120 || way === "in process") abandon(keys);
      }
      await does(apikey(args));
      assert.match(await does(apikey(args)), /^Nothing to do: 200 keys are as declared\.\n/);
      daemon ??= await serve();
      const files = readdirSync(keys).sort();
      assert.equal(files, declared.map(({ alias }) => `${alias}.key`).sort());
      const presented = files.map((file) => readFileSync(join(keys, file), "utf8").trim());
      const request = jsonRequest("POST", "/v1/verify/batch", { keys: presented });
      const { results } = JSON.parse((await send(socket, request)).body);
      assert.equal(
        results.map(({ alias, valid }: Record<string, unknown>) => [`${alias}.key`, valid]),
        files.map((file) => [file, true]),
      );
      const { body } = await send(socket, { method: "GET", path: "/v1/keys" });
      assert.is(JSON.parse(body).keys.length, 201);
    } finally {
      await daemon?.[Symbol.asyncDispose]();
    }
  });
}

test("Ctrl-C hands out what has been made, and a second one ends at once", async () => {
  using folder = temporaryFolder();
  const socket = folder.file("apikey.sock");
  await using daemon = await startDaemon(folder.keystore("jdk17-attributes.p12"), socket);
  const declared = Array.from({ length: 3_000 }, (_, index) => ({ alias: `k${index}` }));
  const path = declaration(folder.file("keys.json"), declared);
  const keys = async () => {
    const { body } = await send(socket, { method: "GET", path: "/v1/keys" });
    return JSON.parse(body).keys.length as number;
  };
  const polite = await interrupting(["apply", path, "--socket", socket], (child) => {
    kill(child, "SIGINT");
  });
  const made = await keys() - 1;
  assert.is(polite.ended, 130, polite.stderr);
  assert.ok(made > 0 && made < 3_000);
  assert.match(polite.stderr, /^apikey: interrupted; \d+ of 3000 changes [^\n]*\n$/);
  assert.match(polite.stderr, ` ${made} of`);
  assert.is(
    polite.stdout.match(/^API key created for alias 'k\d+': [\da-f-]{36}$/gm)?.length,
    made,
  );
  const twice = await interrupting(["apply", path, "--socket", socket], async (child) => {
    // What is under way then cannot end.
    daemon.signal("SIGSTOP");
    kill(child, "SIGINT");
    await sleep(300);
    assert.equal([child.exitCode, child.signalCode], [null, null]);
    kill(child, "SIGINT");
  });
  assert.equal([twice.ended, twice.stderr], ["SIGINT", ""]);
});

/** Lets somebody do something as soon as a command has made a key. */
async function interrupting(
  args: readonly string[],
  interrupt: (child: ChildProcess) => Promise<void> | void,
) {
  const [program, ...rest] = [...COMMAND, ...args] as [string, ...string[]];
  const child = spawn(program, rest, { env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  const ended = new Promise<number | string | null>((resolve) =>
    child.once("close", (status, signal) => resolve(status ?? signal))
  );
  child.stderr.setEncoding("utf8").on("data", (text: string) => output.stderr += text);
  await new Promise<void>((resolve) =>
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output.stdout += text;
      if (output.stdout.includes("created for")) resolve();
    })
  );
  await interrupt(child);
  return { ended: await ended, ...output };
}

test("nothing is exported of a keystore that is not there", async () => {
  using folder = temporaryFolder();
  const path = folder.file("keys.yaml");
  const args = ["export", "--keystore", folder.file("typo.p12"), "--output-file", path];
  const { status, stdout, stderr } = await apikey(args);
  assert.equal([status, stdout, existsSync(path)], [1, "", false]);
  assert.match(stderr, /^apikey: there is no keystore [^\n]*typo\.p12 yet\n$/);
});

test("keys come from a table, too", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const path = folder.file("keys.csv");
  const rows = ["owner,key,alias", `ops,${OTHER},table`, `,${OPENAI},mcp-openai`];
  writeFileSync(path, rows.join("\n"));
  const args = ["import", path, "--keystore", keystore];
  assert.is(await does(apikey(args)), "Imported 1 API key; 1 there already.\n");
  assert.is((await verify("in process", keystore, OTHER)).status, 0);
  const input = [...rows, `ops,${OTHER.slice(1)},broken`].join("\n");
  const { status, stderr } = await apikey(["import", "-", "--keystore", keystore], { input });
  assert.is(status, 2);
  assert.match(stderr, "line 4");
  assert.not.match(stderr, OTHER.slice(1, 8));
});

function verify(way: string, keystore: string, input: string): Promise<Outcome> {
  return apikey(["verify", ...targetOf(way, keystore)], { input });
}

function targetOf(way: string, keystore: string): string[] {
  if (way === "in process") return ["--keystore", keystore];
  return ["--socket", join(dirname(keystore), "apikey.sock")];
}

function abandon(folder: string): void {
  for (const file of readdirSync(folder)) utimesSync(join(folder, file), 1_000, 1_000);
}

/** Kills a command as soon as it has made so many files. */
async function killAt(args: readonly string[], folder: string, count: number): Promise<void> {
  const [program, ...rest] = [...COMMAND, ...args] as [string, ...string[]];
  const child = spawn(program, rest, { env: environment(), stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  while (child.exitCode === null && readdirSync(folder).length < count) await sleep(1);
  kill(child, "SIGKILL");
  await ended;
}

test.run();
