import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseDeclaration } from "../../src/cli/declaration_file.ts";
import { failure } from "../support/open_keystore.ts";

const HEAD = "version: 1\nkeys:\n";

/** A file, and what the line about it says. */
const REFUSED: readonly (readonly [text: string, ...says: string[]])[] = [
  ["", "it is empty"],
  ["# nothing yet\n---\n", "it is empty"],
  ["text", "mapping"],
  ['version: "1"\nkeys: []\n', "version: expected the number 1, without quotes", "line 1"],
  ["version: 2\nkeys: []\n", "version", "line 1"],
  ["version: 1\nkeys:\n", "keys: expected a list", "line 2"],
  ["version: 1\n", "keys is missing", "line 1"],
  [`${HEAD}  - alias: 007\n`, "keys[0].alias", "quotes", "line 3"],
  [`${HEAD}  - alias: a\n  - owner: b\n`, "keys[1].alias is missing", "line 4"],
  [`${HEAD}  - alias: a\n    scope:\n      - b\n`, "keys[0].scope", "'scopes'", "line 4, column 5"],
  [`${HEAD}  - alias: a\n    scopes: b\n`, "keys[0].scopes", "list", "line 4"],
  [`${HEAD}  - alias: a\n    scopes: [b, 1]\n`, "keys[0].scopes[1]", "line 4, column 17"],
  [`${HEAD}  - alias: a\n    disabled: yes\n`, "keys[0].disabled", "true or false"],
  [`${HEAD}  - alias: a\n    state: gone\n`, "keys[0].state", "absent"],
  [`${HEAD}  - alias: a\n    outputFile: ""\n`, "keys[0].outputFile", "path", "line 4"],
  [`${HEAD}  - alias: a\n    outputFile: "a\\0"\n`, "keys[0].outputFile", "path", "line 4"],
  [`${HEAD}  - alias: a\n    alias: b\n`, "line 4"],
  [`${HEAD}  - alias: a\n  owner: b\n`, "line 4"],
  [`${HEAD}  - a\n`, "keys[0]: expected a mapping", "line 3"],
  [`${HEAD}  - alias: !secret a\n`, "tag", "line 3"],
  [`${HEAD}  - alias: *a\n`, "anchor"],
  [`${HEAD}  - <<: {alias: a}\n`, "keys[0]"],
  [`${HEAD}  - alias: a\n---\nversion: 1\n`, "it is more than one document"],
  ['{"version": 1, "keys": [{"alias": "a", "\\u001b[2J": 1}]}', "unknown field", "line 1"],
  ["[".repeat(20_000), "nested"],
  [`{"a": ${"[".repeat(5_000)}${"]".repeat(5_000)}}`, ""],
];

for (const [text, ...says] of REFUSED) {
  test(`refuses ${JSON.stringify(text.slice(0, 60))} in one line`, async () => {
    const message = await failure("ERR_USAGE", () => parseDeclaration(text, "keys.yaml"));
    assert.match(message, /^cannot read keys\.yaml: /);
    assert.not.match(message, /\p{C}/u);
    for (const part of says) assert.ok(message.includes(part), `${message}: ${part}`);
  });
}

test("refuses a file whose parts refer to each other without end", async () => {
  const lines = ["a: &a [x,x,x,x,x,x,x,x,x]"];
  for (const [name, other] of ["ba", "cb", "dc", "ed", "fe"]) {
    lines.push(`${name}: &${name} [${Array(9).fill(`*${other}`).join(",")}]`);
  }
  await failure("ERR_USAGE", () => parseDeclaration(lines.join("\n"), "bomb"));
});

test("reads YAML and JSON", async () => {
  const yaml = `# ours
version: 1
keys:
  - &one
    alias: "007"
    expiresOn: 2031-12-31T23:59:59
    scopes: [mcp:read]
    description: null
  - alias: größe
    networks:
      - 2001:db8::/32
`;
  const expected = {
    version: 1,
    keys: [
      {
        alias: "007",
        expiresOn: "2031-12-31T23:59:59",
        scopes: ["mcp:read"],
        description: null,
      },
      { alias: "größe", networks: ["2001:db8::/32"] },
    ],
  };
  assert.equal(await parseDeclaration(yaml, ""), expected);
  assert.equal(await parseDeclaration(JSON.stringify(expected, undefined, "\t"), ""), expected);
});

test("the documented declaration is one", async () => {
  const path = join(import.meta.dirname, "..", "..", "src", "cli", "README.md");
  const [, yaml = ""] = /```yaml\n(version:.*?)```/s.exec(readFileSync(path, "utf8")) ?? [];
  const { keys } = await parseDeclaration(yaml, path);
  assert.equal(keys.map(({ alias }) => alias), ["mcp-openai", "007", "former"]);
});

test.run();
