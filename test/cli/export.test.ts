import { test } from "uvu";
import * as assert from "uvu/assert";
import * as v from "valibot";
import { parse } from "yaml";
import { computePlan } from "../../src/cli/apply_plan.ts";
import { cellText, formatCsv } from "../../src/cli/csv.ts";
import { parseDeclaration } from "../../src/cli/declaration_file.ts";
import { exportOutputSchema } from "../../src/cli/output_schemas.ts";
import { listedKey, runCommand } from "../support/run_command.ts";

const KEYS = [
  listedKey("mcp-openai", {
    description: "nächtlicher Bericht: # ja",
    owner: "ops",
    scopes: ["mcp:read", "rest:*"],
    networks: ["10.0.0.0/8", "2001:db8::/32"],
    expiresAt: "2051-01-01T00:00:00.000Z",
    expiresOn: "2051-01-01T00:00:00.5",
    disabled: true,
  }),
  listedKey("mcp-openai~1", { replacedBy: "mcp-openai" }),
  listedKey("007", { owner: "no", description: "=1+1" }),
  listedKey("later", { supported: false }),
  listedKey("broken", { readable: false, expiresOn: null }),
  // What other programs may call a key.
  listedKey("a\u009b2j\u202e\u{e0001}\ud800\n  b: 'c'\t", { description: "\u001b[2J" }),
];

const EXPECTED = KEYS.filter(({ replacedBy }) => replacedBy === null);

function exported(...options: string[]) {
  const answer = () => ({ status: 200, body: { keys: KEYS } });
  return runCommand(["export", ...options], { answer });
}

for (const format of ["yaml", "json"]) {
  test(`what is exported as ${format} declares what there is, and applying it does nothing`, async () => {
    const { status, out, err } = await exported("--format", format);
    assert.equal([status, err], [0, []]);
    assert.not.match(out, /[^\P{C}\n]/u);
    const { keys } = await parseDeclaration(out, "exported");
    assert.equal(keys.map(({ alias }) => alias), EXPECTED.map(({ alias }) => alias));
    assert.equal(keys[0], {
      alias: "mcp-openai",
      description: "nächtlicher Bericht: # ja",
      owner: "ops",
      scopes: ["mcp:read", "rest:*"],
      networks: ["10.0.0.0/8", "2001:db8::/32"],
      expiresOn: "2051-01-01T00:00:00.5",
      disabled: true,
    });
    assert.equal(keys[2], { alias: "later", expiresOn: null, disabled: false });
    assert.not.ok("expiresOn" in (keys[3] ?? {}), "what does not open may have one");
    const plan = computePlan(keys, KEYS, {
      prune: true,
      nowMs: 0,
      outputFileOf: () => undefined,
      stateOfFile: () => "missing",
      assertCanHold: () => undefined,
    });
    assert.equal([plan.actions, plan.unchanged, plan.unnamed], [[], 5, 0]);
  });
}

test("readers of YAML 1.1 take texts for texts, too", async () => {
  const { out } = await exported();
  const { keys } = parse(out, { version: "1.1" });
  assert.equal([keys[0].expiresOn, keys[1].alias, keys[1].owner], [
    ...["2051-01-01T00:00:00.5", "007", "no"],
  ]);
});

test("JSON has the documented shape", async () => {
  const [json, format] = [await exported("--json"), await exported("--format", "json")];
  assert.is(json.out, format.out);
  assert.ok(v.is(exportOutputSchema, JSON.parse(json.out)));
  assert.is((await exported("--json", "--format", "yaml")).status, 2);
  assert.is((await exported("--format", "xml")).status, 2);
});

test("a spreadsheet gets a row for each key, and no formula", async () => {
  const { out } = await exported("--format", "csv");
  const [header, openai, seven] = out.split("\r\n");
  assert.is(header, "alias,expires_on,description,owner,scopes,networks,disabled");
  assert.is(
    openai,
    "mcp-openai,2051-01-01T00:00:00.5,nächtlicher Bericht: # ja,ops,mcp:read rest:*," +
      "10.0.0.0/8 2001:db8::/32,true",
  );
  assert.is(seven, "007,,'=1+1,no,,,false");
  assert.not.match(out, /[^\P{C}\r\n]/u);
  assert.is(out.split("\r\n").length, EXPECTED.length + 2);
});

test("a cell's text comes back as it was", () => {
  const texts = ["", "a", "=1", "'=1", "''=1", "'", "'a", "-x", "@SUM", "+1", "a=1", "\t1", "1'=2"];
  for (const text of texts) {
    const cell = formatCsv([[text]]).slice(0, -2);
    assert.not.match(cell, /^[=+\-@\t]/);
    assert.is(cellText(cell), text, text);
  }
});

test.run();
