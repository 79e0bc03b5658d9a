import stringWidth from "string-width";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findCommand, parseArguments } from "../../src/cli/arguments.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { run } from "../../src/cli/run.ts";
import type { DaemonSettings, TargetSettings } from "../../src/cli/settings.ts";
import { ApiClient } from "../../src/client/api_client.ts";
import type { ApiRequest, ApiResponse } from "../../src/client/transport.ts";
import { ERRORS } from "../../src/errors.ts";
import { BARE_SYSTEM, NEVER_INTERRUPTED } from "../support/run_command.ts";

interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string[];
  readonly target: TargetSettings | undefined;
  readonly daemon: DaemonSettings | undefined;
  readonly requests: ApiRequest[];
  readonly defects: unknown[];
}

interface Setting {
  readonly env?: Record<string, string>;
  readonly answer?: (request: ApiRequest) => ApiResponse;
  readonly print?: (text: string) => void;
  /** Of the terminal; none unless given. */
  readonly columns?: number;
  /** What is on standard input. */
  readonly input?: string;
}

const NOW = Date.parse("2050-01-01T00:00:00Z");

const LISTED = {
  alias: "a",
  maskedKey: "*",
  createdAt: null,
  expiresAt: null,
  expiresOn: null,
  expired: false,
  readable: true,
};

const KEY = { alias: "a", key: "k", createdAt: null, expiresAt: null, expiresOn: null };

async function runWith(argv: readonly string[], setting: Setting = {}): Promise<Outcome> {
  let out = "";
  let target: TargetSettings | undefined;
  let daemon: DaemonSettings | undefined;
  const err: string[] = [];
  const requests: ApiRequest[] = [];
  const defects: unknown[] = [];
  const answer = setting.answer ?? (() => ({ status: 201, body: KEY }));
  const status = await run(argv, {
    version: "1.2.3",
    env: setting.env ?? {},
    system: BARE_SYSTEM,
    connect: (settings) => {
      target = settings;
      return Promise.resolve(
        new ApiClient({
          send: (request) => {
            requests.push(request);
            return Promise.resolve(answer(request));
          },
        }),
      );
    },
    serve: async (readSettings) => {
      daemon = await readSettings();
    },
    service: () => Promise.reject(new Error("no services here")),
    examine: () => Promise.resolve([]),
    readSecret: () => Promise.resolve(setting.input ?? ""),
    print: setting.print ?? ((text) => out += text),
    terminalColumns: () => setting.columns,
    elevation: "ask somebody with privileges",
    errorTerminal: () => undefined,
    onInterrupt: () => Promise.resolve(NEVER_INTERRUPTED),
    now: () => NOW,
    complain: (line) => err.push(line),
    log: (error) => defects.push(error),
  });
  return { status, out, err, target, daemon, requests, defects };
}

const ALIASES: readonly (readonly [argv: string[], alias: string])[] = [
  [["create", "007"], "007"],
  [["create", "--alias", "007"], "007"],
  [["create", "--alias=-x"], "-x"],
  [["create", "--", "-x"], "-x"],
  [["create", "--alias", "MCP"], "mcp"],
  [["create", "same", "--alias", "same"], "same"],
  [["create", "--alias", "1e3"], "1e3"],
  [["create", "--alias", "0x10"], "0x10"],
  [["create", "--alias", "true"], "true"],
];

for (const [argv, alias] of ALIASES) {
  test(`${argv.join(" ")} asks for the alias ${alias}`, async () => {
    const { status, requests } = await runWith(argv);
    assert.is(status, 0);
    assert.equal(requests[0]?.body, { alias });
  });
}

const WRONG_USAGE: readonly (readonly [argv: string[], suggestion: string])[] = [
  [["crate"], "'create'"],
  [["lst"], "'list'"],
  [["xyzzy"], "apikey --help"],
  [["create", "--alais", "x"], "'--alias'"],
  [["create", "-a", "x"], "'-a'"],
  [["list", "--jsn"], "'--json'"],
  [["list", "--alias", "x"], "'--alias'"],
  [["list", "surplus"], "'surplus'"],
  [["create", "one", "two"], "'two'"],
  [["create", "one", "--alias", "two"], "--alias"],
  [["create"], "--alias"],
  [["create", "--alias"], "value"],
  [["create", "--alias", "-x"], "--alias=-x"],
  [["create", "--alias", "a", "--alias", "b"], "more than once"],
  [["list", "--json=yes"], "no value"],
  [["create", "--alias", ""], "empty"],
  [["revoke", "--alias", ""], "alias"],
  [["revoke", ".."], "alias"],
  [["list", "--keystore", "a", "--socket", "b"], "one of them"],
  [["daemon", "--socket-mode", "999"], "octal"],
  [["list", "--keystore="], "--keystore is empty"],
  [["revoke", "x", "--socket", ""], "--socket is empty"],
  [["--json", "list"], "before the command"],
  [["help", "crate"], "'create'"],
];

for (const [argv, suggestion] of WRONG_USAGE) {
  test(`'${argv.join(" ")}' is wrong usage, and the one line says ${suggestion}`, async () => {
    const { status, err, out, requests } = await runWith(argv);
    assert.equal([status, err.length, out, requests.length], [2, 1, "", 0]);
    assert.ok(err[0]?.includes(suggestion), err[0]);
    assert.ok(err[0]?.startsWith("apikey: ") || argv.includes("--json"), err[0]);
  });
}

test("goes the way that flags name, then variables", async () => {
  const env = { APIKEY_KEYSTORE: "/k", APIKEY_SOCKET: "/s", APIKEY_PASSWORD_FILE: "/p" };
  const ways = [
    [["list"], {}, undefined, undefined],
    [["list", "--keystore", "f"], env, "f", undefined],
    [["list", "--socket", "g"], env, undefined, "g"],
    [["list"], { APIKEY_KEYSTORE: "/k" }, "/k", undefined],
    [["list"], env, undefined, "/s"],
    [["list"], { APIKEY_SOCKET: "" }, undefined, undefined],
  ] as const;
  for (const [argv, variables, keystore, socket] of ways) {
    const { target } = await runWith(argv, {
      env: variables,
      answer: () => ({ status: 200, body: { keys: [] } }),
    });
    assert.equal([target?.keystore, target?.socket], [keystore, socket]);
  }
});

test("takes the socket's mode in octal", async () => {
  const modes = [
    [["daemon"], undefined],
    [["daemon", "--socket-mode", "666"], 0o666],
    [["daemon", "--socket-mode", "0620"], 0o620],
  ] as const;
  for (const [argv, mode] of modes) assert.is((await runWith(argv)).daemon?.socketMode, mode);
});

test("prints the texts of the documentation", async () => {
  const { out } = await runWith(["create", "a"]);
  const expected = "API key created for alias 'a': k\n" +
    "Please store this key securely, as it will not be shown again.\n";
  assert.is(out, expected);
  const revoked = await runWith(["revoke", "A"], { answer: () => ({ status: 204 }) });
  assert.is(revoked.out, "API key 'a' has been revoked.\n");
  const empty = await runWith(["list"], { answer: () => ({ status: 200, body: { keys: [] } }) });
  assert.is(empty.out, "No API keys found.\n");
});

const VERIFICATION = { valid: true, code: "VALID", alias: "a", expiresAt: null };

/** What the daemon answers, the exit status, what is printed. */
const VERIFICATIONS = [
  [{}, 0, "API key 'a' is valid.\n"],
  [{ expiresAt: "2031-12-31T23:59:59.000Z" }, 0, /^API key 'a' is valid until 2031-12-31T23:59:59/],
  [{ valid: false, code: "EXPIRED" }, 3, "API key 'a' has expired.\n"],
  [{ valid: false, code: "NOT_FOUND", alias: null }, 3, "No API key like this one.\n"],
  [{ valid: false, code: "LATER\u001b[31m" }, 3, "API key 'a' is not valid: LATER\\"],
] as const;

for (const [answer, status, text] of VERIFICATIONS) {
  test(`verify says that a key is ${JSON.stringify(answer)}`, async () => {
    const body = { ...VERIFICATION, ...answer };
    const setting = { input: " the-key\r\n", answer: () => ({ status: 200, body }) };
    const plain = await runWith(["verify"], setting);
    assert.is(plain.status, status);
    assert.match(plain.out, text);
    const [asked, ...others] = plain.requests;
    assert.equal(asked, { method: "POST", path: "/v1/verify", body: { key: "the-key" } });
    assert.equal(others, body.valid ? [] : [{ method: "GET", path: "/v1/status" }]);
    const json = await runWith(["verify", "--json"], setting);
    assert.equal([json.status, JSON.parse(json.out)], [status, body]);
  });
}

test("verify says where there is no keystore to look a key up in", async () => {
  const path = "/nowhere.p12";
  const status = (role: string) => ({
    version: "1.2.3",
    server: { role, pid: 1, socket: null, startedAt: "2026-01-01T00:00:00Z" },
    keystore: { path, exists: false, keys: 0, otherEntries: 0 },
    password: null,
    warnings: [],
  });
  const no = { ...VERIFICATION, valid: false, code: "NOT_FOUND", alias: null };
  for (const [role, expected] of [["command", 1], ["daemon", 3]] as const) {
    const answer = ({ path }: ApiRequest) => ({
      status: 200,
      body: path === "/v1/status" ? status(role) : no,
    });
    const outcome = await runWith(["verify"], { input: "k", answer });
    assert.is(outcome.status, expected, role);
    if (role === "command") assert.equal(outcome.err, [`apikey: there is no keystore ${path} yet`]);
  }
});

test("verify takes one key, on standard input alone", async () => {
  for (const input of ["", " \n", "one\ntwo\n"]) {
    const { status, requests, err } = await runWith(["verify"], { input });
    assert.equal([status, requests, err.length], [2, [], 1], JSON.stringify(input));
  }
  for (const argv of [["verify", "eb47c2be"], ["verify", "--", "eb47c2be"]]) {
    const { status, requests, err } = await runWith(argv, { input: "a-key" });
    assert.equal([status, requests], [2, []]);
    assert.match(err[0] ?? "", "standard input");
    assert.not.match(err[0] ?? "", "eb47c2be");
  }
});

test("says what becomes of the key before", async () => {
  const previous = {
    alias: "a~1",
    maskedKey: "*",
    createdAt: null,
    expiresAt: "2050-01-02T00:00:00.000Z",
    expiresOn: "2050-01-02T01:00:00",
    expired: false,
    readable: true,
  };
  const rows = [
    [
      [],
      {},
      previous,
      "the key before works until 2050-01-02T01:00:00 by the host's clock, " +
      "2050-01-02T00:00:00.000Z, and is listed as 'a~1'",
    ],
    [["--grace", "0"], { graceSeconds: 0 }, null, "the key before has ended"],
    [["--grace", "7d"], { graceSeconds: 604_800 }, null, "the key before has ended"],
  ] as const;
  for (const [options, body, before, text] of rows) {
    const answer = () => ({ status: 201, body: { ...KEY, previous: before } });
    const { status, out, err, requests } = await runWith(["rotate", "A", ...options], { answer });
    assert.equal([status, err], [0, [`apikey: ${text}`]]);
    assert.is(
      out,
      "API key rotated for alias 'a': k\n" +
        "Please store this key securely, as it will not be shown again.\n",
    );
    assert.equal(requests, [{ method: "POST", path: "/v1/keys/a/rotate", body }]);
  }
  for (const grace of ["x", "-1", "1.5h"]) {
    assert.is((await runWith(["rotate", "a", `--grace=${grace}`])).status, 2, grace);
  }
});

const TABLED = [
  {
    ...LISTED,
    alias: "größe",
    maskedKey: "****8986",
    createdAt: "2049-01-01T10:20:30.000Z",
    lastUsedAt: "2049-12-31T00:00:00.000Z",
    expiresAt: "2050-01-10T00:00:00.000Z",
    expiresOn: "2050-01-10T00:00:00",
    owner: "ops",
    scopes: ["mcp:read", "rest:*"],
    description: "a description that goes on and on, for longer than a terminal is wide",
  },
  { ...LISTED, alias: "漢字\u001b[2J", disabled: true, createdAt: "2049-12-01T00:00:00.000Z" },
  { ...LISTED, alias: "old", createdAt: "2049-01-01T00:00:00.000Z", expired: true },
];

test("lists what is known of keys in a table that fits the terminal", async () => {
  const answer = () => ({ status: 200, body: { keys: TABLED } });
  const wide = await runWith(["list", "--long"], { answer });
  assert.equal(wide.out.split("\n"), [
    "ALIAS          KEY   STATE     CREATED     EXPIRES     LAST USED   SCOPES           DESCRIPTION",
    "größe          8986  valid     2049-01-01  2050-01-10  2049-12-31  mcp:read rest:*  " +
    "a description that goes on and on, for longer than a terminal is wide",
    "漢字\\u{1b}[2J  *     disabled  2049-12-01  -           -",
    "old            *     expired   2049-01-01  -           -",
    "",
  ]);
  for (const columns of [80, 100, 120]) {
    const { out } = await runWith(["list", "--long"], { answer, columns });
    for (const line of out.split("\n")) assert.ok(stringWidth(line) <= columns, line);
    assert.match(out, /^größe .*…$/m);
  }
});

test("lists those that nobody uses, and those that expire soon", async () => {
  const answer = () => ({ status: 200, body: { keys: TABLED } });
  const rows = [
    [["--unused-for", "90d"], ["old"]],
    [["--unused-for", "2d"], ["漢字", "old"]],
    [["--unused-for", "12h"], ["größe", "漢字", "old"]],
    [["--expiring-within", "14d"], ["größe"]],
    [["--expiring-within", "8d"], []],
    [["--expiring-within", "14d", "--unused-for", "90d"], []],
  ] as const;
  for (const [options, expected] of rows) {
    const { status, out } = await runWith(["list", ...options, "--json"], { answer });
    const aliases = (JSON.parse(out).keys as { alias: string }[]).map(({ alias }) =>
      alias.replace("\u001b[2J", "")
    );
    assert.equal([status, aliases], [0, [...expected]], options.join(" "));
  }
  for (const option of ["--unused-for=x", "--expiring-within=0d"]) {
    assert.is((await runWith(["list", option], { answer })).status, 2);
  }
});

test("asks for changes of what is known of a key", async () => {
  const answer = () => ({ status: 200, body: { ...LISTED, alias: "b" } });
  const rows = [
    [["disable", "A"], { disabled: true }, "API key 'a' has been disabled.\n"],
    [["enable", "--alias", "a"], { disabled: false }, "API key 'a' has been enabled.\n"],
    [["rename", "a", "B"], { alias: "b" }, "API key 'a' is now 'b'.\n"],
    [
      ["describe", "a", "--scope", "x", "--scope", "y", "--owner", "o", "--clear", "cidr"],
      { owner: "o", scopes: ["x", "y"], networks: [] },
      "API key 'a' has been changed.\n",
    ],
  ] as const;
  for (const [argv, body, text] of rows) {
    const { status, out, requests } = await runWith(argv, { answer });
    assert.equal([status, out], [0, text], argv.join(" "));
    assert.equal(requests, [{ method: "PATCH", path: "/v1/keys/a", body }]);
  }
  const wrong = [
    ["rename", "a"],
    ["rename", "a", "b", "c"],
    ["describe", "a"],
    ["describe", "a", "--clear", "alias"],
    ["describe", "a", "--owner", "o", "--clear", "owner"],
    ["describe", "a", "--owner", "o", "--owner", "p"],
    ["disable"],
  ];
  for (const argv of wrong) {
    const { status, requests } = await runWith(argv, { answer });
    assert.equal([status, requests], [2, []], argv.join(" "));
  }
});

test("says what upstream says when the alias exists or does not", async () => {
  const problem = (code: string, detail: string) => () => ({
    status: 409,
    body: { title: "", status: 409, code, detail },
  });
  const exists = problem("ERR_ALIAS_EXISTS", "An API key with alias 'a' already exists.");
  assert.equal((await runWith(["create", "a"], { answer: exists })).err, [
    "Error creating API key with alias 'a': An API key with alias 'a' already exists.",
  ]);
  const unknown = problem("ERR_ALIAS_UNKNOWN", "No API key found with alias 'a'.");
  assert.equal((await runWith(["revoke", "a"], { answer: unknown })).err, [
    "No API key found with alias 'a'.",
  ]);
  const past = problem("ERR_EXPIRY_PAST", "Expiration date time must be in the future");
  const argv = ["create", "a", "--expires-on", "2021-06-30T12:00"];
  const { status, err } = await runWith(argv, { answer: past });
  assert.equal([status, err], [1, [
    "Error creating API key with alias 'a': Expiration date time must be in the future",
  ]]);
});

test("tells operators when a key expires, and if earlier than asked, beside the documented texts", async () => {
  const body = {
    ...KEY,
    expiresAt: "2050-11-06T04:59:59.000Z",
    expiresOn: "2050-11-06T00:59:59",
  };
  const answer = () => ({ status: 201, body });
  const argv = ["create", "a", "--expires-on", "2050-11-06T01:30:00-04:00"];
  const told = await runWith(argv, { answer });
  assert.equal([told.status, told.err.length], [0, 1]);
  const remark = "apikey: the key expires on 2050-11-06T00:59:59 by the host's clock, " +
    body.expiresAt;
  assert.ok(told.err[0]?.startsWith(`${remark}: that clock repeats`), told.err[0]);
  assert.is(told.out, (await runWith(["create", "a"])).out);
  const program = await runWith([...argv, "--json"], { answer });
  assert.equal([program.err, JSON.parse(program.out)], [[], body]);
  const exact = await runWith(["create", "a", "--expires-on", body.expiresAt], { answer });
  assert.equal(exact.err, [remark]);
});

test("takes a key back that it could not show", async () => {
  const { status, requests, err } = await runWith(["create", "a"], {
    answer: ({ method }) => method === "POST" ? { status: 201, body: KEY } : { status: 204 },
    print: () => {
      throw Object.assign(new Error(), { code: "ENOSPC" });
    },
  });
  assert.is(status, 1);
  assert.equal(requests.map(({ method, path }) => `${method} ${path}`), [
    "POST /v1/keys",
    "DELETE /v1/keys/a",
  ]);
  assert.match(err[0] ?? "", "revoked again");
});

test("says so where such a key cannot be taken back", async () => {
  const body = { title: "", status: 503, code: "ERR_KEYSTORE_IO", detail: "no space" };
  const { status, err } = await runWith(["create", "a"], {
    answer: ({ method }) => method === "POST" ? { status: 201, body: KEY } : { status: 503, body },
    print: () => {
      throw Object.assign(new Error(), { code: "EPIPE" });
    },
  });
  assert.is(status, 1);
  assert.match(err[0] ?? "", /cannot be revoked either \(no space\)/);
});

test("calls a full disk behind standard output what it is", async () => {
  const { status, err } = await runWith(["list"], {
    answer: () => ({ status: 200, body: { keys: [] } }),
    print: () => {
      throw Object.assign(new Error(), { code: "ENOSPC", syscall: "write" });
    },
  });
  assert.equal([status, err], [1, ["apikey: cannot write to standard output: ENOSPC"]]);
});

test("prints nothing of a key that could move the cursor", async () => {
  const key = {
    alias: "a\u001b[2J",
    maskedKey: "****\u001b[2J",
    createdAt: null,
    expiresAt: null,
    expiresOn: null,
    expired: false,
    readable: true,
  };
  const { out } = await runWith(["list"], {
    answer: () => ({ status: 200, body: { keys: [key] } }),
  });
  assert.is(out, "a\\u{1b}[2J ****\\u{1b}[2J\n");
});

test("names the remedy where privileges are missing", async () => {
  const body = {
    title: "",
    status: 403,
    code: "ERR_FORBIDDEN",
    detail: "administrator privileges are required",
  };
  const { status, err } = await runWith(["list"], { answer: () => ({ status: 403, body }) });
  assert.is(status, 4);
  assert.match(
    err[0] ?? "",
    /^apikey: administrator privileges are required; ask somebody with privileges$/,
  );
});

test("answers a program in JSON", async () => {
  assert.equal(JSON.parse((await runWith(["create", "a", "--json"])).out), KEY);
  const { err } = await runWith(["create", "--json"]);
  assert.equal(Object.keys(JSON.parse(err[0] ?? "")), ["code", "exitStatus", "detail"]);
});

for (const code of ["ERR_INTERNAL", "ERR_KEYSTORE_IO", "ERR_ALIAS_UNKNOWN"] as const) {
  test(`names the request of what has failed in the daemon, as ${code}`, async () => {
    const { exitStatus, httpStatus } = ERRORS[code];
    const body = { title: "no", status: httpStatus, code, requestId: "abc-1\n" };
    const answer = () => ({ status: httpStatus, body });
    const { status, err, defects } = await runWith(["show", "a"], { answer });
    assert.equal([status, err.length, defects], [exitStatus, 1, []]);
    const { err: [json = ""] } = await runWith(["show", "a", "--json"], { answer });
    // What the caller has done himself is nothing to look up.
    const id = httpStatus < 500 ? undefined : "abc-1\\u{a}";
    assert.equal([JSON.parse(json).requestId, JSON.parse(json).code], [id, code]);
    assert.is(err[0]?.includes("request abc-1\\u{a}"), id !== undefined, err[0]);
  });
}

test("shows no stack of a defect, but logs it", async () => {
  const { status, err, defects } = await runWith(["list"], {
    answer: () => {
      throw new TypeError("a bug");
    },
  });
  assert.equal([status, err], [70, ["apikey: internal error: a defect in apikey"]]);
  assert.is(defects.length, 1);
});

test("has help with an example for every command", async () => {
  const lines: string[] = [];
  const { info } = console;
  console.info = (text: string) => void lines.push(text);
  try {
    for (const { name, options } of COMMANDS) {
      const words = name.split(" ");
      const ways = [[...words, "--help"], [...words, "-h"], ["help", ...words], ["-h", ...words]];
      for (const argv of ways) {
        lines.length = 0;
        assert.is((await runWith(argv)).status, 0);
        const text = lines.join("\n");
        assert.ok(text.includes(`$ apikey ${name}`), text);
        assert.ok(text.includes("Examples:"), text);
        for (const option of options) assert.ok(text.includes(`--${option.name}`), option.name);
      }
    }
    assert.is((await runWith([])).status, 2);
    lines.length = 0;
    assert.is((await runWith(["keystore", "--help"])).status, 0);
    assert.match(lines.join("\n"), /keystore rekey/);
    assert.not.match(lines.join("\n"), /revoke/);
  } finally {
    console.info = info;
  }
});

test("shows in brackets of its own what has to be named", async () => {
  const needing = COMMANDS.filter(({ argument }) => argument?.startsWith("<"));
  assert.equal(needing.map(({ name }) => name), [
    ...["apply", "import", "keystore backup", "keystore restore", "completion"],
  ]);
  for (const { name } of needing) assert.is((await runWith(name.split(" "))).status, 2);
});

test("has examples that parse", () => {
  for (const command of COMMANDS) {
    for (const example of command.examples) {
      // What the shell takes away.
      const words = example.replace(/ [<>] \S+$/, "").match(/"[^"]*"|\S+/g) ?? [];
      const [program, ...argv] = words.map((word) => word.replaceAll('"', ""));
      const found = findCommand(COMMANDS, argv);
      assert.equal([program, found.command.name], ["apikey", command.name], example);
      parseArguments(command, found.rest);
    }
  }
});

test("knows commands of two words, and says what there is", async () => {
  const cases: readonly (readonly [argv: readonly string[], expected: RegExp])[] = [
    [
      ["keystore"],
      /keystore what\? check, info, backup, restore, rekey; see apikey keystore --help/,
    ],
    [["keystore", "--json"], /keystore what\?/],
    [["keystore", "chekc"], /did you mean 'keystore check'\?/],
    [["keystor", "check"], /unknown command 'keystor'/],
    [["check"], /unknown command 'check'/],
    [["keystore", "check", "x"], /unexpected argument 'x'/],
    [["keystore", "backup"], /which FILE\?/],
  ];
  for (const [argv, expected] of cases) {
    const { status, err } = await runWith(argv);
    assert.is(status, 2, argv.join(" "));
    assert.match(
      err.map((line) => line.replace(/^\{.*"detail":"(.*)"\}$/, "$1"))[0] ?? "",
      expected,
    );
  }
});

test.run();
