// Which aliases a key can have, and that each one that is accepted can be listed and revoked.
import { randomUUID } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BUILT_IN_PASSWORD } from "../../src/keystore/store_password.ts";
import { startDaemon } from "../support/daemon.ts";
import { apikey } from "../support/execute.ts";
import { sampled } from "../support/extent.ts";
import { type Answer, jsonRequest, send } from "../support/http.ts";
import { startJavaTool } from "../support/java.ts";
import { requiring } from "../support/requirements.ts";
import { KEYSTORE_NAME, temporaryFolder } from "../support/temporary_folder.ts";
import { TRIED_WAYS, type Way } from "../support/ways.ts";

interface Row {
  readonly alias: string;
  /** Under which name the key then is; undefined where the alias is refused. */
  readonly stored?: string;
  /** What the row is about, where the alias does not say so. */
  readonly about?: string;
}

const ROWS: readonly Row[] = [
  { alias: "mcp-openai", stored: "mcp-openai" },
  { alias: "MCP-Claude", stored: "mcp-claude" },
  { alias: "007", stored: "007" },
  { alias: "true", stored: "true" },
  { alias: "-x", stored: "-x" },
  { alias: "--json", stored: "--json" },
  { alias: "__proto__", stored: "__proto__" },
  { alias: "two words", stored: "two words" },
  { alias: "a/b", stored: "a/b" },
  { alias: "../../etc/passwd", stored: "../../etc/passwd" },
  { alias: "...", stored: "..." },
  { alias: "50%", stored: "50%" },
  { alias: "a%2Fb", stored: "a%2fb" },
  { alias: "%2e%2e", stored: "%2e%2e" },
  { alias: "%00", stored: "%00" },
  { alias: "?x=1#y", stored: "?x=1#y" },
  { alias: "a+b&c;d", stored: "a+b&c;d" },
  { alias: 'it\'s "quoted" `so` $HOME', stored: 'it\'s "quoted" `so` $home' },
  { alias: "Zürich-ÄÖÜ", stored: "zürich-äöü" },
  { alias: "ΟΔΟΣ", stored: "οδος", about: "lower case that depends on the place in the word" },
  { alias: "東京", stored: "東京" },
  { alias: "agent-🤖", stored: "agent-🤖" },
  { alias: "👩‍🚀", stored: "👩‍🚀", about: "emoji joined by U+200D" },
  { alias: "x".repeat(255), stored: "x".repeat(255), about: "255 characters" },
  { alias: "🤖".repeat(255), stored: "🤖".repeat(255), about: "255 characters beyond the BMP" },

  { alias: "x".repeat(256), about: "256 characters" },
  { alias: "", about: "empty" },
  { alias: " ", about: "blank" },
  { alias: "\u00a0", about: "blank without a break" },
  { alias: " x" },
  { alias: "x " },
  { alias: "x\n", about: "newline at the end" },
  { alias: "x\ny", about: "newline" },
  { alias: "x\ty", about: "tabulator" },
  { alias: "x\x7fy", about: "delete" },
  { alias: "x\x1b[31my", about: "escape sequence" },
  { alias: "x\x9b31my", about: "8-bit escape sequence" },
  { alias: "x\u2028y", about: "line separator" },
  { alias: "x\u202ey", about: "right-to-left override" },
  { alias: "x\u200by", about: "zero-width space" },
  { alias: "\ufeffx", about: "byte order mark" },
  { alias: "." },
  { alias: ".." },
];

/** These no command line can hold. */
const HTTP_ROWS: readonly Row[] = [
  { alias: "x\0y", about: "NUL" },
  { alias: "x\ud83ey", about: "half a surrogate pair" },
];

function title({ alias, about = JSON.stringify(alias) }: Row): string {
  return about;
}

for (const { way, open } of TRIED_WAYS) {
  const accepted = sampled(ROWS.filter(({ stored }) => stored !== undefined), 5);

  test(`accepts, lists and revokes, ${way}`, async () => {
    using folder = temporaryFolder();
    await using opened = await open(folder.file(KEYSTORE_NAME));
    for (const row of accepted) await assertCreated(opened, row);
    assert.equal(await aliases(opened), accepted.map(({ stored }) => stored));
    const { stdout } = await opened.apikey("list");
    assert.is(stdout.split("\n").length, accepted.length + 1);
    for (const row of accepted) await assertRevoked(opened, row);
    assert.equal(await aliases(opened), []);
  });

  test(`takes aliases that differ in case for the same, ${way}`, async () => {
    using folder = temporaryFolder();
    await using opened = await open(folder.keystore("jdk17-metricshub.p12"));
    const { status, stdout } = await opened.apikey("create", "--alias", "MCP-Claude");
    assert.equal([status, stdout], [1, ""]);
    assert.is((await opened.apikey("revoke", "--alias", "mcp-CLAUDE")).status, 0);
    assert.equal(await aliases(opened), ["mcp-openai", "retired"]);
  });
}

async function assertCreated(way: Way, row: Row): Promise<void> {
  const { status, stdout, stderr } = await way.apikey("create", `--alias=${row.alias}`);
  assert.is(status, 0, `${title(row)}: ${stderr}`);
  const start = `API key created for alias '${row.stored}': `;
  assert.is(stdout.slice(0, start.length), start, title(row));
}

async function assertRevoked(way: Way, row: Row): Promise<void> {
  const { status, stdout, stderr } = await way.apikey("revoke", `--alias=${row.alias}`);
  assert.is(status, 0, `${title(row)}: ${stderr}`);
  if (row.about !== undefined) return;
  assert.is(stdout, `API key '${row.stored}' has been revoked.\n`);
}

async function aliases(way: Way): Promise<string[]> {
  const { status, stdout, stderr } = await way.apikey("list", "--json");
  assert.is(status, 0, stderr);
  return (JSON.parse(stdout) as { keys: { alias: string }[] }).keys.map(({ alias }) => alias);
}

test("refuses in one line that cannot do anything to a terminal", async () => {
  using folder = temporaryFolder();
  const env = { APIKEY_KEYSTORE: folder.keystore("jdk17-metricshub.p12") };
  for (const row of sampled(ROWS.filter(({ stored }) => stored === undefined), 5)) {
    const { status, stdout, stderr } = await apikey(["create", `--alias=${row.alias}`], { env });
    assert.equal([status, stdout], [2, ""], title(row));
    assert.match(stderr, /^[^\n\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+\n$/u, title(row));
  }
  const { stdout } = await apikey(["list"], { env });
  assert.is(stdout.split("\n").length, 3 + 1);
});

test("takes an alias that looks like an option after --", async () => {
  using folder = temporaryFolder();
  const env = { APIKEY_KEYSTORE: folder.file(KEYSTORE_NAME) };
  const { status, stdout } = await apikey(["create", "--", "-x"], { env });
  assert.equal([status, stdout.split(":")[0]], [0, "API key created for alias '-x'"]);
  // Behind an option it could as well be the next option.
  assert.is((await apikey(["revoke", "--alias", "-x"], { env })).status, 2);
  assert.is((await apikey(["revoke", "--", "-x"], { env })).status, 0);
});

test("over HTTP each is created, found and revoked, or refused with 400", async () => {
  using folder = temporaryFolder();
  await using daemon = await startDaemon(folder.file(KEYSTORE_NAME), folder.file("apikey.sock"));
  const call = (method: string, path: string) => send(daemon.socket, { method, path });
  for (const row of [...ROWS, ...HTTP_ROWS]) {
    const request = jsonRequest("POST", "/v1/keys", { alias: row.alias });
    const created = await send(daemon.socket, request);
    if (row.stored === undefined) {
      assert.equal([created.status, code(created)], [400, "ERR_INVALID_ALIAS"], title(row));
      continue;
    }
    assert.is(created.status, 201, `${title(row)}: ${created.body}`);
    const path = `/v1/keys/${encodeURIComponent(row.alias)}`;
    assert.is(created.headers["location"], `/v1/keys/${encodeURIComponent(row.stored)}`);
    const found = await call("GET", path);
    assert.equal([found.status, JSON.parse(found.body).alias], [200, row.stored], title(row));
    assert.is((await call("DELETE", path)).status, 204, title(row));
    assert.is((await call("GET", path)).status, 404, title(row));
  }
});

test("over HTTP a path that is no alias touches no key", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  await using daemon = await startDaemon(keystore, folder.file("apikey.sock"));
  const paths = ["", "/", "/.", "/..", "/%2e", "/%2E%2E", "/%zz", "/%ff", "/%", "/*", "/:alias"];
  for (
    const path of [...paths, "/mcp-openai/", "/mcp-openai%00", "//mcp-openai", "/mcp-openai/x"]
  ) {
    const answer = await send(daemon.socket, { method: "DELETE", path: `/v1/keys${path}` });
    assert.ok([400, 404, 405].includes(answer.status), `${path}: ${answer.status} ${answer.body}`);
    assert.is(JSON.parse(answer.body).status, answer.status, path);
  }
  const { body } = await send(daemon.socket, { method: "GET", path: "/v1/keys" });
  assert.is(JSON.parse(body).keys.length, 3);
});

function code({ body }: Answer): unknown {
  return JSON.parse(body).code;
}

const javaTest = requiring(test, "javac");

for (const { way, open } of TRIED_WAYS) {
  javaTest(`shows what Java named badly without harm, and revokes it, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-metricshub.p12");
    const names = ["evil\x1b[2j", "\u202egnp.exe", " blank ", "x".repeat(400)];
    const tool = await startJavaTool();
    for (const name of names) await tool.add(keystore, BUILT_IN_PASSWORD, name, randomUUID());
    await tool.close();
    await using opened = await open(keystore);
    const { status, stdout } = await opened.apikey("list");
    assert.is(status, 0);
    assert.is(stdout.split("\n").length, 3 + names.length + 1);
    assert.not.match(stdout, /[^\n\P{Cc}]|\p{Cf}/u);
    for (const name of names) {
      assert.is((await opened.apikey("revoke", `--alias=${name}`)).status, 0, JSON.stringify(name));
    }
    assert.equal(await aliases(opened), ["mcp-openai", "mcp-claude", "retired"]);
  });
}

test.run();
