// A real daemon, driven by nothing but the description that it serves.
import { rmSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import published from "../../src/api/openapi.json" with { type: "json" };
import { type ApiOperation, readDescription } from "../support/api_description.ts";
import { startDaemon } from "../support/daemon.ts";
import { type Answer, jsonRequest, type Request, send } from "../support/http.ts";
import {
  bodiesAtBounds,
  invalidBodies,
  invalidQueries,
  type Known,
  validBody,
  validRequest,
} from "../support/made_requests.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const KEY = "eb47c2be-927f-495f-aa97-0ba0f60b8986";

/** How many valid requests each operation gets, and how many until it has succeeded. */
const SEEDS = [0, 1, 2, 3];
const MAX_SEEDS = 50;

/** That takes a keystore that never could be opened. */
const NEVER_SEEN = "getHealth 503";

const folder = temporaryFolder();
const socket = folder.file("apikey.sock");
const keystore = folder.keystore("jdk17-metricshub.p12");
const daemon = await startDaemon(keystore, socket);
test.after(stop);

const description = await readServed().catch(async (error) => {
  await stop();
  throw error;
});
const operations = readDescription(description);
const taking = operations.filter(({ schema }) => schema !== undefined);

async function readServed() {
  const { status, body } = await ask({ method: "GET", path: "/v1/openapi.json" });
  assert.is(status, 200);
  // All of it can be read, too.
  readDescription(JSON.parse(body));
  return JSON.parse(body);
}

async function stop(): Promise<void> {
  await daemon[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
}

function ask(request: Request): Promise<Answer> {
  return send(socket, request);
}

function assertDescribed({ id, judge }: ApiOperation, request: Request, answer: Answer): void {
  const about = `${id} ${request.path} ${request.body?.slice(0, 300)}: ${answer.status}`;
  assert.equal(judge(answer), [], `${about} ${answer.body.slice(0, 300)}`);
  assert.is.not(answer.status, 500, about);
}

/** What the description lets through is not refused for being otherwise. */
function assertAccepted(operation: ApiOperation, request: Request, answer: Answer): void {
  assertDescribed(operation, request, answer);
  assert.ok(answer.status < 500, answer.body);
  const isRefused = ["ERR_INVALID_REQUEST", "ERR_INVALID_ALIAS"].includes(codeOf(answer) ?? "");
  assert.not.ok(isRefused, `${operation.id} ${request.body?.slice(0, 300)}: ${answer.body}`);
}

function codeOf({ headers, body }: Answer): string | undefined {
  return headers["content-type"] === "application/problem+json" ? JSON.parse(body).code : undefined;
}

test("a daemon serves the description that the linter has seen", () => {
  assert.equal(description, published);
});

test("no operation takes what the description does not let through", async () => {
  const known: Known = { alias: "mcp-openai", key: KEY, pkcs12: "" };
  const before = (await ask({ method: "GET", path: "/v1/keys" })).body;
  for (const operation of taking) {
    const valid = SEEDS.map((seed) => validBody(operation, known, seed));
    const invalid = invalidBodies(operation, valid);
    assert.ok(invalid.length > 10, operation.id);
    const path = operation.path.replace("{alias}", known.alias);
    await Promise.all(invalid.map(async ([what, body]) => {
      const request = jsonRequest(operation.method, path, body);
      const answer = await ask(request);
      assertDescribed(operation, request, answer);
      assert.is(answer.status, 400, `${operation.id} takes ${what}: ${answer.body}`);
    }));
  }
  assert.is((await ask({ method: "GET", path: "/v1/keys" })).body, before);
});

test("nor a body that is no JSON, is called something else, or is too large", async () => {
  for (const operation of taking) {
    const { method, maxBodyBytes } = operation;
    const path = operation.path.replace("{alias}", "mcp-openai");
    const headers = { "Content-Type": "application/json" };
    const tooLarge = { ...headers, "Content-Length": String(maxBodyBytes + 1) };
    const cases: readonly (readonly [request: Request, code: string])[] = [
      [{ method, path, headers, body: '{"' }, "ERR_INVALID_REQUEST"],
      [{ method, path, headers, body: "" }, "ERR_INVALID_REQUEST"],
      [{ method, path, headers: { "Content-Type": "text/plain" }, body: "{}" }, "ERR_MEDIA_TYPE"],
      [{ method, path, headers: tooLarge, body: "{}" }, "ERR_BODY_TOO_LARGE"],
    ];
    for (const [request, code] of cases) {
      const answer = await ask(request);
      assertDescribed(operation, request, answer);
      assert.is(codeOf(answer), code, operation.id);
    }
  }
});

test("nor a query that the description does not let through", async () => {
  const asked = operations.filter((operation) => invalidQueries(operation).length > 0);
  assert.equal(asked.map(({ id }) => id), ["authenticate"]);
  for (const operation of asked) {
    for (const query of invalidQueries(operation)) {
      const request = { method: operation.method, path: `${operation.path}?${query}` };
      const answer = await ask(request);
      assertDescribed(operation, request, answer);
      assert.is(codeOf(answer), "ERR_INVALID_REQUEST", query);
    }
  }
});

test("every operation answers what it is described to answer, and each of that", async () => {
  const copy = JSON.parse((await ask({ method: "GET", path: "/v1/keystore/copy" })).body);
  for (const operation of operations) {
    const unseen = new Set(operation.successes.map((status) => `${operation.id} ${status}`));
    unseen.delete(NEVER_SEEN);
    for (let seed = 0; seed < SEEDS.length || (unseen.size > 0 && seed < MAX_SEEDS); seed++) {
      const alias = `${operation.id} ${seed}`;
      if (operation.path.includes("{alias}") && seed % 2 === 0) {
        await ask(jsonRequest("POST", "/v1/keys", { alias }));
      }
      const request = validRequest(operation, { alias, key: KEY, pkcs12: copy.pkcs12 }, seed);
      const answer = await ask(request);
      assertAccepted(operation, request, answer);
      unseen.delete(`${operation.id} ${answer.status}`);
    }
    assert.equal([...unseen], []);
  }
});

test("every operation takes what is at the bounds of its description", async () => {
  const known: Known = { alias: "mcp-openai", key: KEY, pkcs12: "" };
  for (const operation of taking) {
    const valid = SEEDS.map((seed) => validBody(operation, known, seed));
    for (const body of bodiesAtBounds(operation, valid)) {
      const path = operation.path.replace("{alias}", known.alias);
      const request = jsonRequest(operation.method, path, body);
      assertAccepted(operation, request, await ask(request));
    }
  }
});

test("every operation answers as described, too, where the keystore is damaged or gone", async () => {
  const known: Known = { alias: "mcp-openai", key: KEY, pkcs12: "" };
  const codes = new Set<string | undefined>();
  for (const damage of [() => writeFileSync(keystore, "damaged"), () => rmSync(keystore)]) {
    damage();
    // A change waits for a moment, as another program may be about to write.
    await Promise.all(operations.map(async (operation) => {
      const request = validRequest(operation, known, 0);
      const answer = await ask(request);
      assertDescribed(operation, request, answer);
      codes.add(codeOf(answer));
    }));
  }
  for (const code of ["ERR_KEYSTORE_UNREADABLE", "ERR_KEYSTORE_IO"]) {
    assert.ok(codes.has(code), [...codes].join());
  }
});

test.run();
