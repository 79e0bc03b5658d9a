import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as v from "valibot";
import { applyOutputSchema } from "../../src/cli/output_schemas.ts";
import type { CommandContext } from "../../src/cli/command.ts";
import type { ApiRequest, ApiResponse } from "../../src/client/transport.ts";
import { AppError } from "../../src/errors.ts";
import type { Key, KeyRevision, NewKey } from "../../src/protocol/keys.ts";
import { withFolder } from "../support/open_keystore.ts";
import { listedKey, runCommand } from "../support/run_command.ts";

type Fault = (request: ApiRequest) => ApiResponse | undefined;

/** As much of the API as keys need, in memory. */
class FakeApi {
  readonly keys = new Map<string, Key>();
  /** As they are at the moment, by alias. */
  readonly secrets = new Map<string, string>();
  underWay = 0;
  mostUnderWay = 0;
  made = 0;
  fault: Fault = () => undefined;

  constructor(...keys: readonly Key[]) {
    for (const key of keys) this.keys.set(key.alias, key);
  }

  readonly answer = async (request: ApiRequest): Promise<ApiResponse> => {
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    await setImmediate();
    this.underWay--;
    return this.fault(request) ?? this.#answer(request);
  };

  /** As it answers without a fault. */
  create(request: ApiRequest): ApiResponse {
    return this.#answer(request);
  }

  #answer({ method, path, body }: ApiRequest): ApiResponse {
    const [, , , name = "", operation] = path.split("/");
    const alias = decodeURIComponent(name);
    if (method === "GET" && name !== "") {
      const key = this.keys.get(alias);
      return key === undefined ? problem(404, "ERR_ALIAS_UNKNOWN") : { status: 200, body: key };
    }
    if (method === "GET") return { status: 200, body: { keys: [...this.keys.values()] } };
    if (method === "POST" && name === "") {
      const { alias, ...fields } = body as NewKey;
      if (this.keys.has(alias)) return problem(409, "ERR_ALIAS_EXISTS");
      this.keys.set(alias, listedKey(alias, fields as Partial<Key>));
      return this.#secret(alias);
    }
    const key = this.keys.get(alias);
    if (key === undefined) return problem(404, "ERR_ALIAS_UNKNOWN");
    if (operation === "rotate") {
      if (key.disabled) return problem(409, "ERR_KEY_DISABLED");
      const { body } = this.#secret(alias);
      return { status: 201, body: { ...body as object, previous: null } };
    }
    if (method === "PATCH") {
      const revised = { ...key, ...body as KeyRevision } as Key;
      this.keys.set(alias, revised);
      return { status: 200, body: revised };
    }
    this.keys.delete(alias);
    return { status: 204 };
  }

  #secret(alias: string): ApiResponse {
    const key = `secret-of-${alias}-which-is-as-long-as-one-${1_000 + this.made++}`;
    this.secrets.set(alias, key);
    const known = this.keys.get(alias);
    if (known !== undefined) this.keys.set(alias, { ...known, maskedKey: `***${key.slice(-4)}` });
    return { status: 201, body: { alias, key, createdAt: null, expiresAt: null, expiresOn: null } };
  }
}

function problem(status: number, code: string): ApiResponse {
  return { status, body: { title: "t", status, code, detail: "it is refused" } };
}

interface Setting {
  readonly options?: readonly string[];
  readonly context?: Partial<CommandContext>;
}

async function apply(
  api: FakeApi,
  keys: readonly object[],
  { options = [], context }: Setting = {},
) {
  return await withFolder(async (folder) => {
    const path = `${folder}/keys.yaml`;
    writeFileSync(path, JSON.stringify({ version: 1, keys }));
    const { answer } = api;
    return await runCommand(["apply", path, ...options], { answer, ...(context && { context }) });
  });
}

/** As if whoever has made it had been killed some time ago. */
function abandon(path: string): void {
  if (existsSync(path)) utimesSync(path, 1_000, 1_000);
}

const MANY = Array.from({ length: 100 }, (_, index) => ({ alias: `k${index}` }));

test("shows the plan, carries it out in its order, and finds nothing to do the second time", async () => {
  const api = new FakeApi(
    listedKey("old"),
    listedKey("theirs"),
    listedKey("stays", { owner: "a" }),
  );
  const declared = [
    { alias: "new", scopes: ["mcp:read"], networks: ["10.0.0.0/8"], expiresOn: "2051-01-01T00:00" },
    { alias: "OLD", state: "absent" },
    { alias: "stays", owner: "b", disabled: true },
  ];
  const { status, out, err } = await apply(api, declared);
  assert.equal([status, err], [0, []]);
  assert.equal(out.split("\n"), [
    "+ create new: scopes mcp:read; networks 10.0.0.0/8; expires 2051-01-01T00:00:00",
    "- revoke old",
    '~ change stays: owner "a" -> "b"; disabled false -> true',
    "Plan: 1 to create, 1 to change, 1 to revoke, 0 unchanged.",
    "1 key that is not named stays; --prune would revoke it.",
    `API key created for alias 'new': ${api.secrets.get("new")}`,
    "API key 'old' has been revoked.",
    "API key 'stays' has been changed.",
    "Please store these keys securely, as they will not be shown again.",
    "",
  ]);
  const again = await apply(api, declared);
  assert.equal(again.out.split("\n")[0], "Nothing to do: 3 keys are as declared.");
  assert.equal(again.requests.map(({ method }) => method), ["GET"]);
  const json = await apply(api, declared, { options: ["--json"] });
  assert.equal([JSON.parse(json.out).changed, json.status], [false, 0]);
});

test("changes are under way together, and told in their order", async () => {
  const api = new FakeApi();
  const { status, out } = await apply(api, MANY);
  assert.is(status, 0);
  assert.is(api.mostUnderWay, 16);
  const told = [...out.matchAll(/alias '(\w+)'/g)].map(([, alias]) => alias);
  assert.equal(told, MANY.map(({ alias }) => alias));
});

test("a dry run does nothing, and says whether something would be done", async () => {
  const api = new FakeApi(listedKey("a"), listedKey("b"));
  const options = ["--dry-run", "--json", "--prune"];
  const { status, out, requests } = await apply(api, [{ alias: "a" }], { options });
  assert.equal([status, requests.length], [0, 1]);
  const output = JSON.parse(out);
  assert.ok(v.is(applyOutputSchema, output));
  assert.equal([output.changed, output.dryRun, output.summary.revoke], [true, true, 1]);
  assert.equal(output.actions, [
    { action: "revoke", alias: "b", status: "planned", reason: "unnamed" },
  ]);
  const human = await apply(api, [{ alias: "a" }], { options: ["--dry-run", "--prune"] });
  assert.is(
    human.out,
    "- revoke b (not named)\n" +
      "Plan: 0 to create, 0 to change, 1 to revoke, 1 unchanged.\n" +
      "1 key is not named, and to be revoked.\n",
  );
});

test("says what is left out, and does the rest", async () => {
  const api = new FakeApi(listedKey(""), listedKey("b"));
  const declared = [{ alias: "retired", expiresOn: "2049-01-01T00:00:00" }, { alias: "a" }];
  const { status, out, err } = await apply(api, declared, { options: ["--prune", "--json"] });
  assert.equal([status, [...api.keys.keys()]], [0, ["", "a"]]);
  assert.equal(err, [
    "apikey: 'retired' has expired as declared, and is not made",
    "apikey: '' stays, as no request can name it",
  ]);
  const output = JSON.parse(out);
  assert.ok(v.is(applyOutputSchema, output));
  assert.equal([output.summary.expired, output.summary.unnamed], [1, 2]);
});

test("stops at a failure, tells what has been done and ends as that does", async () => {
  for (const options of [[], ["--json"]]) {
    const api = new FakeApi();
    api.fault = ({ method, body }) =>
      method === "POST" && (body as NewKey).alias === "k20"
        ? problem(503, "ERR_KEYSTORE_IO")
        : undefined;
    const { status, out, err } = await apply(api, MANY, { options });
    assert.equal([status, err.length], [6, 1]);
    assert.match(err[0] ?? "", "k20");
    assert.match(err[0] ?? "", `${api.keys.size} of 100`);
    assert.ok(api.keys.size < 60);
    // Whoever is there can be had.
    for (const alias of api.keys.keys()) assert.match(out, api.secrets.get(alias) ?? "?");
    if (options.length === 0) continue;
    const output = JSON.parse(out);
    assert.ok(v.is(applyOutputSchema, output));
    assert.is(output.actions[20]?.status, "failed");
    assert.is(output.actions[99]?.status, "not-begun");
    assert.is(output.changed, true);
  }
});

test("whoever interrupts gets the keys that have been made, and no others", async () => {
  for (const options of [[], ["--json"]]) {
    const api = new FakeApi();
    const controller = new AbortController();
    api.fault = ({ body }) => {
      if ((body as NewKey | undefined)?.alias === "k20") controller.abort();
      return undefined;
    };
    const interruption = { signal: controller.signal, [Symbol.dispose]: () => undefined };
    const context = { onInterrupt: () => Promise.resolve(interruption) };
    const { status, out, err } = await apply(api, MANY, { options, context });
    assert.equal([status, err.length], [130, 1]);
    assert.match(err[0] ?? "", `${api.keys.size} of 100`);
    assert.ok(api.keys.size > 20 && api.keys.size < 60);
    for (const alias of api.keys.keys()) assert.match(out, api.secrets.get(alias) ?? "?");
    if (options.length === 0) continue;
    const { actions } = JSON.parse(out);
    assert.equal([actions[20].status, actions[99].status], ["done", "not-begun"]);
  }
});

test("names keys that may have been made without anybody having them", async () => {
  const rows = [
    // What a daemon that died meanwhile has made is found out by nobody.
    [() => new AppError("ERR_SOCKET", "gone"), true, true],
    [() => new AppError("ERR_DAEMON_UNREACHABLE", "nobody", { cause: new Error() }), true, false],
    [() => ({ status: 500, body: "what?" }), false, true],
    [() => ({ status: 500, body: "what?" }), true, false],
    [() => problem(503, "ERR_KEYSTORE_IO"), true, false],
    [() => problem(503, "ERR_KEYSTORE_IO"), false, true],
    [() => problem(409, "ERR_ALIAS_EXISTS"), false, false],
  ] as const;
  for (const [answer, isMissing, isUnknown] of rows) {
    const api = new FakeApi();
    api.fault = ({ method, body }) => {
      if (method !== "POST" || (body as NewKey).alias === "k1") return undefined;
      if (!isMissing) api.keys.set("k0", listedKey("k0"));
      const answered = answer();
      if (answered instanceof AppError) throw answered;
      return answered;
    };
    const { status, out, err } = await apply(api, MANY.slice(0, 2), { options: ["--json"] });
    assert.is.not(status, 0);
    const { detail } = JSON.parse(err[0] ?? "");
    assert.is(/without anybody having the key[^;]*'k0';/.test(detail), isUnknown, detail);
    assert.equal(JSON.parse(out).actions.map(({ status }: { status: string }) => status), [
      isUnknown ? "unknown" : "failed",
      "done",
    ]);
  }
  const api = new FakeApi();
  api.fault = ({ method }) => {
    if (method === "POST") throw new AppError("ERR_SOCKET", "gone");
    return undefined;
  };
  const { err } = await apply(api, MANY);
  assert.match(err[0] ?? "", /'k0', 'k1', 'k2', 'k3', 'k4' and 11 more;/);
});

test("what somebody else has done meanwhile is one clear line", async () => {
  const rows = [
    [{ alias: "new" }, "POST", problem(409, "ERR_ALIAS_EXISTS"), "made it meanwhile"],
    [{ alias: "old", state: "absent" }, "DELETE", problem(404, "ERR_ALIAS_UNKNOWN"), "meanwhile"],
    [{ alias: "old", owner: "x" }, "PATCH", problem(404, "ERR_ALIAS_UNKNOWN"), "meanwhile"],
  ] as const;
  for (const [declared, method, answer, says] of rows) {
    const api = new FakeApi(listedKey("old"));
    api.fault = (request) => request.method === method ? answer : undefined;
    const { status, err } = await apply(api, [declared]);
    assert.equal([status, err.length], [1, 1]);
    assert.match(err[0] ?? "", says);
    assert.ok(err[0]?.startsWith("apikey: cannot "), err[0]);
  }
});

test("what is refused changes nothing", async () => {
  const api = new FakeApi(listedKey("a"));
  const { status, requests, out } = await apply(api, [
    { alias: "b" },
    { alias: "a", expiresOn: "2051-01-01T00:00:00" },
  ]);
  assert.equal([status, requests.length, out], [1, 1, ""]);
});

test("keys that standard output does not take are revoked again", async () => {
  for (const options of [[], ["--json"]]) {
    const api = new FakeApi();
    let printed = "";
    const print = (text: string) => {
      if (text.includes("secret-of-k3")) {
        throw Object.assign(new Error("no"), { code: "EPIPE", errno: -32, syscall: "write" });
      }
      printed += text;
    };
    const { status, err } = await apply(api, MANY, { options, context: { print } });
    assert.equal([status, err.length], [1, 1]);
    const seen = options.length === 0 ? ["k0", "k1", "k2"] : [];
    assert.equal([...api.keys.keys()], seen);
    for (const alias of seen) assert.match(printed, api.secrets.get(alias) ?? "?");
  }
});

test("a key that somebody else has replaced meanwhile is not taken back", async () => {
  const api = new FakeApi();
  const print = (text: string) => {
    if (!text.includes("secret-of")) return;
    api.create({ method: "POST", path: "/v1/keys/a/rotate", body: {} });
    throw Object.assign(new Error("no"), { code: "EPIPE", errno: -32, syscall: "write" });
  };
  const { status, err } = await apply(api, [{ alias: "a" }], { context: { print } });
  assert.equal([status, err, [...api.keys.keys()]], [
    1,
    ["apikey: cannot write to standard output (EPIPE)"],
    ["a"],
  ]);
});

test("a key that cannot be disabled is not left enabled where nobody has it", async () => {
  const api = new FakeApi();
  api.fault = ({ method }) => method === "PATCH" ? problem(503, "ERR_KEYSTORE_IO") : undefined;
  const { status } = await apply(api, [{ alias: "a", disabled: true }]);
  assert.equal([status, api.keys.size], [6, 0]);
});

test("keys go into files, and nowhere else", async () => {
  await withFolder(async (folder) => {
    const api = new FakeApi();
    const declared = [{ alias: "a/b" }, { alias: "c", outputFile: `${folder}/named` }];
    for (const options of [["--output-folder", folder], ["--json", "--output-folder", folder]]) {
      const { status, out } = await apply(api, declared, { options });
      assert.is(status, 0);
      assert.not.match(out, "secret-of");
    }
    assert.is(readFileSync(`${folder}/a%2Fb.key`, "utf8"), `${api.secrets.get("a/b")}\n`);
    assert.is(readFileSync(`${folder}/named`, "utf8"), `${api.secrets.get("c")}\n`);
    assert.is(
      (await apply(api, declared, { options: ["--output-folder", `${folder}/x`] })).status,
      1,
    );
  });
});

/** What becomes of a reserved file when its key is not made. */
const UNMADE = [
  [problem(409, "ERR_ALIAS_EXISTS"), 1, false],
  [problem(503, "ERR_KEYSTORE_IO"), 6, true],
  [{ status: 500, body: "what?" }, 5, true],
] as const;

for (const [answer, expected, isKept] of UNMADE) {
  test(`after ${JSON.stringify(answer.body)} the file is ${isKept ? "kept" : "gone"}`, async () => {
    await withFolder(async (folder) => {
      const api = new FakeApi();
      api.fault = ({ method }) => method === "POST" ? answer : undefined;
      const declared = [{ alias: "a", outputFile: `${folder}/a` }];
      assert.is((await apply(api, declared)).status, expected);
      assert.is(existsSync(`${folder}/a`), isKept);
      // Whether or not there is a key meanwhile, its file gets one.
      api.fault = () => undefined;
      for (const isThere of [false, true]) {
        if (isThere) writeFileSync(`${folder}/a`, "eb47");
        abandon(`${folder}/a`);
        const again = await apply(api, declared);
        assert.is(again.status, 0, again.err[0]);
        assert.is(readFileSync(`${folder}/a`, "utf8"), `${api.secrets.get("a")}\n`);
      }
    });
  });
}

test("a file keeps waiting for its key until it has one, and a disabled key stays disabled", async () => {
  await withFolder(async (folder) => {
    const api = new FakeApi(listedKey("a", { disabled: true }));
    const path = `${folder}/a`;
    writeFileSync(path, "");
    abandon(path);
    api.fault = ({ path }) =>
      path.endsWith("/rotate") ? problem(409, "ERR_KEY_RETIRED") : undefined;
    const declared = [{ alias: "a", outputFile: path, disabled: true }];
    assert.is((await apply(api, declared)).status, 1);
    assert.is(readFileSync(path, "utf8"), "");
    abandon(path);
    api.fault = ({ path: called }) => {
      if (called.endsWith("/rotate")) rmSync(path);
      return undefined;
    };
    assert.is((await apply(api, declared)).status, 1, "the file is gone");
    assert.is(readFileSync(path, "utf8"), "");
    abandon(path);
    api.fault = () => undefined;
    assert.is((await apply(api, declared)).status, 0);
    assert.is(readFileSync(path, "utf8"), `${api.secrets.get("a")}\n`);
    assert.is(api.keys.get("a")?.disabled, true);
  });
});

test("a file that was made just now may be another run's, until nobody has written it", async () => {
  await withFolder(async (folder) => {
    const api = new FakeApi(listedKey("a"), listedKey("b"));
    const paths = ["a", "b", "c"].map((alias) => `${folder}/${alias}.key`);
    for (const path of paths) writeFileSync(path, "");
    const declared = ["a", "b", "c"].map((alias) => ({ alias }));
    const startedAt = performance.now();
    const applying = apply(api, declared, { options: ["--output-folder", folder] });
    await sleep(500);
    // Another run ends meanwhile.
    writeFileSync(paths[0] ?? "", "eb47c2be-927f-495f-aa97-0ba0f60b8986\n");
    const { status, out } = await applying;
    assert.ok(performance.now() - startedAt > 2_900);
    assert.equal([status, out.split("\n").slice(0, 3)], [0, [
      `~ replace the key of b, which never got into ${paths[1]}`,
      `+ create c (into ${paths[2]})`,
      "Plan: 1 to create, 0 to change, 1 to replace, 0 to revoke, 1 unchanged.",
    ]]);
  });
});

test("whoever has lost a file to another run leaves the key that is there then", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/a.key`;
    for (const isReplaced of [true, false]) {
      const api = new FakeApi();
      api.fault = (request) => {
        const created = request.method === "POST";
        if (!created) return undefined;
        rmSync(path);
        const answer = api.create(request);
        if (isReplaced) api.create({ ...request, path: "/v1/keys/a/rotate" });
        return answer;
      };
      const { status, err } = await apply(api, [{ alias: "a", outputFile: path }]);
      assert.equal([status, err.length, api.keys.has("a")], [1, 1, isReplaced]);
    }
  });
});

test.run();
