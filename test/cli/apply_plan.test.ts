import { test } from "uvu";
import * as assert from "uvu/assert";
import { computePlan, type PlanOptions } from "../../src/cli/apply_plan.ts";
import type { DeclaredKey } from "../../src/cli/declaration.ts";
import { AppError } from "../../src/errors.ts";
import type { Key } from "../../src/protocol/keys.ts";
import { failure } from "../support/open_keystore.ts";
import { listedKey } from "../support/run_command.ts";

const EXPIRY = { expiresOn: "2051-01-01T00:00:00", expiresAt: "2050-12-31T23:00:00.000Z" };

const OPTIONS: PlanOptions = {
  prune: false,
  nowMs: Date.parse("2050-01-01T00:00:00Z"),
  outputFileOf: ({ outputFile }) => outputFile,
  stateOfFile: (path) =>
    path.startsWith("half")
      ? "unfinished"
      : path === "taken"
      ? "other"
      : path === "new"
      ? "reserved"
      : path === "folder"
      ? "folder"
      : "missing",
  assertCanHold(path) {
    if (path.endsWith("nowhere")) throw new AppError("ERR_FILE", path);
  },
};

function plan(declared: readonly DeclaredKey[], actual: readonly Key[], options = {}) {
  return computePlan(declared, actual, { ...OPTIONS, ...options });
}

/** What is declared of a key that is there, and what is to be changed; undefined for nothing. */
const CHANGES:
  readonly (readonly [DeclaredKey, Partial<Key>, Record<string, unknown> | undefined])[] = [
    [{ alias: "a" }, { owner: "x", scopes: ["s"], disabled: true }, undefined],
    [{ alias: "A", owner: "x" }, { owner: "x" }, undefined],
    [{ alias: "a", owner: "y" }, { owner: "x", description: "d" }, { owner: "y" }],
    [{ alias: "a", owner: null }, { owner: "x" }, { owner: null }],
    [{ alias: "a", owner: "" }, { owner: "x" }, { owner: null }],
    [{ alias: "a", owner: "", description: null }, {}, undefined],
    [{ alias: "a", scopes: [] }, { scopes: ["s"] }, { scopes: [] }],
    [{ alias: "a", scopes: null, networks: null }, { scopes: ["s"] }, { scopes: [] }],
    [{ alias: "a", scopes: ["t", "s", "t"] }, { scopes: ["s", "t"] }, undefined],
    [{ alias: "a", scopes: ["t"] }, { scopes: ["s", "t"] }, { scopes: ["t"] }],
    [{ alias: "a", networks: ["10.0.0.1"] }, { networks: ["10.0.0.1/32"] }, undefined],
    [{ alias: "a", networks: ["2001:DB8::/32"] }, {}, { networks: ["2001:db8::/32"] }],
    [{ alias: "a", disabled: true }, {}, { disabled: true }],
    [{ alias: "a", disabled: false }, {}, undefined],
    [{ alias: "a", expiresOn: EXPIRY.expiresOn }, EXPIRY, undefined],
    [{ alias: "a", expiresOn: "2051-01-01T00:00" }, EXPIRY, undefined],
    [{ alias: "a", expiresAt: "2051-01-01T01:00:00+02:00" }, EXPIRY, undefined],
    [{ alias: "a", expiresAt: null }, {}, undefined],
    [{ alias: "a", expiresOn: null }, { readable: false }, undefined],
    [{ alias: "a", disabled: true }, { supported: false }, { disabled: true }],
  ];

for (const [declared, actual, revision] of CHANGES) {
  test(`${JSON.stringify(declared)} changes ${JSON.stringify(revision ?? {})}`, () => {
    const { actions, unchanged } = plan([declared], [listedKey("a", actual)]);
    assert.is(unchanged, revision === undefined ? 1 : 0);
    assert.equal(
      actions.map((action) => "revision" in action && action.revision),
      revision ? [revision] : [],
    );
  });
}

/** What is refused, with which code, for which key that is there. */
const REFUSED: readonly (readonly [string, DeclaredKey, Partial<Key>?])[] = [
  ["ERR_PLAN_REFUSED", { alias: "a", expiresOn: "2052-01-01T00:00:00" }, EXPIRY],
  ["ERR_PLAN_REFUSED", { alias: "a", expiresAt: "2052-01-01T00:00:00Z" }, EXPIRY],
  ["ERR_PLAN_REFUSED", { alias: "a", expiresOn: null }, EXPIRY],
  ["ERR_PLAN_REFUSED", { alias: "a", expiresOn: EXPIRY.expiresOn }, {}],
  ["ERR_PLAN_REFUSED", { alias: "a" }, { replacedBy: "b" }],
  ["ERR_METADATA_UNSUPPORTED", { alias: "a", owner: "x" }, { supported: false }],
  ["ERR_INVALID_REQUEST", { alias: "a", scopes: ["a b"] }, {}],
  ["ERR_INVALID_ALIAS", { alias: " a" }],
  ["ERR_INVALID_ALIAS", { alias: ".." }],
  ["ERR_INVALID_REQUEST", { alias: "a", networks: ["10.0.0.0/33"] }],
  ["ERR_INVALID_REQUEST", { alias: "a", owner: "\u001b" }],
  ["ERR_USAGE", { alias: "a", expiresAt: "2051-01-01T00:00:00" }],
  ["ERR_USAGE", { alias: "a", expiresOn: "2051-02-30T00:00:00" }],
  ["ERR_USAGE", { alias: "a", expiresOn: EXPIRY.expiresOn, expiresAt: null }],
  ["ERR_PLAN_REFUSED", { alias: "a", outputFile: "taken" }],
  ["ERR_PLAN_REFUSED", { alias: "a", outputFile: "folder" }],
  ["ERR_PLAN_REFUSED", { alias: "a", outputFile: "new" }],
  ["ERR_PLAN_REFUSED", { alias: "a", outputFile: "new" }, {}],
  ["ERR_FILE", { alias: "a", outputFile: "nowhere" }],
  ["ERR_FILE", { alias: "a", outputFile: "half-nowhere" }, {}],
];

for (const [code, declared, actual] of REFUSED) {
  test(`${JSON.stringify(declared)} is refused with ${code}`, async () => {
    const there = actual === undefined ? [] : [listedKey("a", actual)];
    const text = await failure(code, () => plan([declared], there));
    assert.match(text, `'${declared.alias}'`);
    if (code === "ERR_INVALID_ALIAS") assert.match(text, /^keys\[0\]: /);
  });
}

test("a key that would have expired is not made, and one that has is as declared", () => {
  const past = { expiresOn: "2049-01-01T00:00:00", expiresAt: "2048-12-31T23:00:00.000Z" };
  const declared = [
    { alias: "A", expiresOn: past.expiresOn },
    { alias: "b", expiresAt: "2049-12-31T23:59:59Z" },
    { alias: "there", expiresOn: past.expiresOn },
    { alias: "new" },
  ];
  const there = listedKey("there", { ...past, expired: true });
  const { actions, expired, unchanged } = plan(declared, [there]);
  assert.equal([actions.map(({ alias }) => alias), expired, unchanged], [["new"], ["a", "b"], 1]);
});

test("what no request can name stays, and does not stand in the way", async () => {
  const actual = ["", "a", ".."].map((alias) => listedKey(alias));
  const { actions, unnamed, unnameable } = plan([], actual, { prune: true });
  assert.equal([actions.map(({ alias }) => alias), unnamed, unnameable], [["a"], 3, ["", ".."]]);
  const absent: DeclaredKey = { alias: "", state: "absent" };
  await failure("ERR_PLAN_REFUSED", () => plan([absent], actual));
});

test("an expiry in the other's words is told where it belongs", async () => {
  const on: DeclaredKey = { alias: "a", expiresOn: "2051-01-01T00:00:00+02:00" };
  assert.match(await failure("ERR_USAGE", () => plan([on], [])), /as expiresAt$/);
  const at: DeclaredKey = { alias: "a", expiresAt: "2051-01-01T00:00:00" };
  assert.match(await failure("ERR_USAGE", () => plan([at], [])), /give expiresOn$/);
});

test("what is refused is counted, and nothing is planned", async () => {
  const declared = [{ alias: "b" }, { alias: "B" }, { alias: "c", scopes: ["a b"] }];
  const text = await failure("ERR_PLAN_REFUSED", () => plan(declared, []));
  assert.match(text, /^'b': .*\(and 1 more problem\)$/);
});

test("two keys do not share a file", async () => {
  const declared = ["a", "b"].map((alias) => ({ alias, outputFile: "same" }));
  await failure("ERR_PLAN_REFUSED", () => plan(declared, []));
});

test("a key that is not there is made, with all that is declared of it", () => {
  const declared: DeclaredKey = {
    alias: "New",
    description: "d",
    owner: null,
    scopes: null,
    networks: ["10.0.0.0/8"],
    expiresOn: "2051-01-01T00:00",
    disabled: true,
    state: "present",
    outputFile: "half",
  };
  assert.equal(plan([declared], []).actions, [{
    action: "create",
    alias: "new",
    newKey: {
      alias: "new",
      description: "d",
      scopes: [],
      networks: ["10.0.0.0/8"],
      expiresOn: "2051-01-01T00:00:00",
    },
    disabled: true,
    changes: [
      { field: "description", from: null, to: "d" },
      { field: "networks", from: null, to: ["10.0.0.0/8"] },
      { field: "expiresOn", from: null, to: "2051-01-01T00:00:00" },
      { field: "disabled", from: null, to: true },
    ],
    outputFile: "half",
  }]);
});

test("keys go that are declared to be absent, and others only with --prune", () => {
  const actual = ["a", "b", "c"].map((alias) => listedKey(alias));
  const retired = listedKey("c~1", { replacedBy: "c" });
  const declared: DeclaredKey[] = [
    { alias: "A", state: "absent" },
    { alias: "x", state: "absent" },
    {
      alias: "b",
    },
  ];
  const kept = plan(declared, [...actual, retired]);
  assert.equal(kept, {
    actions: [{ action: "revoke", alias: "a", reason: "absent" }],
    unchanged: 2,
    expired: [],
    unnamed: 1,
    unnameable: [],
  });
  const pruned = plan(declared, [...actual, retired], { prune: true });
  assert.equal(pruned.actions.slice(1), [{ action: "revoke", alias: "c", reason: "unnamed" }]);
});

test("a key whose file was never finished gets another one; other files are left alone", () => {
  const action = (outputFile: string, fields: Partial<Key> = {}) => {
    const [planned] = plan([{ alias: "a", outputFile }], [listedKey("a", fields)]).actions;
    return planned?.action;
  };
  assert.equal(["half", "taken", "gone"].map((path) => action(path)), [
    ...["replace", undefined, undefined],
  ]);
  assert.is(action("half", { expired: true }), undefined);
  assert.is(action("half", { disabled: true }), "replace");
});

test.run();
