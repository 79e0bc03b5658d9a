// A daemon of ours and Java write the same keystore in turn, many times.
// Nobody else's entry may change, and each sees what the other has just done.
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { extent, IS_SOURCE } from "../support/extent.ts";
import { jsonRequest, send } from "../support/http.ts";
import { BUILT_IN_PASSWORD, fixturePath } from "./fixtures.ts";
import {
  type JavaEntry,
  type JavaTool,
  startJavaTool,
  withoutAuditEntry,
} from "../support/java.ts";
import { requiring } from "../support/requirements.ts";
import { setUpWith } from "./setup.ts";

// The executable's promise; runtimes that load the source are the same program, and slower.
const ROUNDS = IS_SOURCE ? 40 : extent({ whole: 1000, part: 250 });
const ROUNDS_BETWEEN_DUMPS = 10;

interface KeyList {
  readonly keys: readonly {
    readonly alias: string;
    readonly maskedKey: string;
  }[];
}

let tool: JavaTool;
let folder: string;
let daemon: Daemon;
let keystore: string;

const javaTest = requiring(test, "javac");

test.before(setUpWith(["javac"], async () => {
  tool = await startJavaTool();
  folder = await mkdtemp(join(tmpdir(), "apikey-alternation-"));
  keystore = join(folder, "metricshub-keystore.p12");
  await copyFile(fixturePath("jdk17-metricshub.p12"), keystore);
  await chmod(keystore, 0o600);
  const socket = join(folder, "apikey.sock");
  daemon = await startDaemon(keystore, socket);
}));

test.after(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await tool?.close();
  if (folder) await rm(folder, { recursive: true });
});

javaTest(`${ROUNDS} alternations leave every other entry unchanged`, async () => {
  const original = await tool.dump(keystore, BUILT_IN_PASSWORD);
  for (let round = 0; round < ROUNDS; round++) {
    const key = await create(`ours-${round}`);
    if (round > 0) await revoke(`ours-${round - 1}`);
    const javaKey = randomUUID();
    await tool.add(keystore, BUILT_IN_PASSWORD, `java-${round}`, javaKey);
    await assertListed(round, key, javaKey);
    if (round % ROUNDS_BETWEEN_DUMPS === 0) {
      await assertUnchanged(original, round, key, javaKey);
    }
    await tool.remove(keystore, BUILT_IN_PASSWORD, `java-${round}`);
  }
  await revoke(`ours-${ROUNDS - 1}`);
  assert.equal(withoutAuditEntry(await tool.dump(keystore, BUILT_IN_PASSWORD)), original);
});

javaTest("the daemon ends with status 0", async () => {
  daemon.signal("SIGTERM");
  assert.is(await daemon.ended, 0, daemon.output());
});

/** Java reads our key, the web server's scan finds it, and the rest is as it was. */
async function assertUnchanged(
  original: readonly JavaEntry[],
  round: number,
  key: string,
  javaKey: string,
): Promise<void> {
  const entries = withoutAuditEntry(await tool.dump(keystore, BUILT_IN_PASSWORD));
  assert.equal(entries.slice(0, original.length), original, `round ${round}`);
  assert.equal(
    entries.slice(original.length).map((entry) => [entry.name, payload(entry)]),
    [[`api_key:ours-${round}`, key], [`api_key:java-${round}`, javaKey]],
  );
  assert.equal(await tool.scan(keystore, BUILT_IN_PASSWORD, key), {
    outcome: "valid",
    alias: `ours-${round}`,
    expiry: null,
  });
}

async function assertListed(
  round: number,
  key: string,
  javaKey: string,
): Promise<void> {
  const { status, body } = await send(daemon.socket, { method: "GET", path: "/v1/keys" });
  assert.is(status, 200, body);
  const { keys } = JSON.parse(body) as KeyList;
  assert.equal(
    keys.map(({ alias, maskedKey }) => [alias, maskedKey.slice(-4)]),
    [
      ["mcp-openai", "8986"],
      ["mcp-claude", "15f3"],
      ["retired", "7e11"],
      [`ours-${round}`, key.slice(-4)],
      [`java-${round}`, javaKey.slice(-4)],
    ],
  );
}

async function create(alias: string): Promise<string> {
  const { status, body } = await send(daemon.socket, jsonRequest("POST", "/v1/keys", { alias }));
  assert.is(status, 201, body);
  const created = JSON.parse(body) as { alias: string; key: string };
  assert.is(created.alias, alias);
  return created.key;
}

async function revoke(alias: string): Promise<void> {
  const { status, body } = await send(daemon.socket, {
    method: "DELETE",
    path: `/v1/keys/${alias}`,
  });
  assert.is(status, 204, body);
}

function payload(entry: JavaEntry): string {
  return Buffer.from(entry.key ?? "", "hex").toString();
}

test.run();
