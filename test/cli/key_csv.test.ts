import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseKeyCsv } from "../../src/cli/key_csv.ts";
import { failure } from "../support/open_keystore.ts";

const KEY = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
const OTHER = "3f2b1c4d-8e5f-4a2b-bc15-0ba0f60b15f3";

test("columns are where the header says, and cells may be empty", async () => {
  const text = "\ufeffKey,disabled,ALIAS,networks,scopes,description,expires_on\r\n" +
    `${KEY},TRUE,One,10.0.0.0/8 ::1,mcp:read  mcp:*,"a, ""b""",2020-01-01T00:00\r\n` +
    `\r\n${OTHER},,'=two,,,'-x,\r\n,,, ,,,\r\n`;
  assert.equal(await parseKeyCsv(text), [
    {
      alias: "one",
      key: KEY,
      expiresOn: "2020-01-01T00:00:00",
      description: 'a, "b"',
      scopes: ["mcp:read", "mcp:*"],
      networks: ["10.0.0.0/8", "::1"],
      disabled: true,
    },
    { alias: "=two", key: OTHER, description: "-x" },
  ]);
  assert.equal(await parseKeyCsv("alias,key\n"), []);
});

/** A file, and what the line about it says. */
const REFUSED: readonly (readonly [text: string, ...says: string[]])[] = [
  ["", "empty"],
  [`${KEY},a\n`, "line 1", "column 1"],
  ["alias,key,key\n", "line 1", "two columns"],
  ["alias,owner\n", "line 1", "'key'"],
  [`alias,key\na,${KEY}\nb,${KEY.toUpperCase()}\n`, "line 3", "UUID"],
  [`alias,key\na,${KEY} \n`, "line 2", "UUID"],
  ["alias,key\na,00000000-0000-0000-0000-000000000000\n", "line 2", "UUID"],
  [`alias,key\na,${KEY}\nb,${OTHER}\nA,${KEY}\n`, "line 4", "line 2"],
  [`alias,key\na,${KEY}\nb,${OTHER}\nc,${KEY}\n`, "line 4", "key", "line 2"],
  [`alias,key\n,${KEY}\n`, "line 2", "alias"],
  [`alias,key\na,${KEY},x\n`, "line 2", "cells"],
  [`alias,key\n"a,${KEY}\n`, "quote"],
  [`alias,key\n"a"b,${KEY}\n`, "line 2", "quote"],
  [`alias,key\na"b,${KEY}\n`, "line 2", "quote"],
  [`alias,key,scopes\na,${KEY},${KEY}%\n`, "line 2", "scopes: give one such as"],
  [`alias,key,networks\na,${KEY},${KEY}\n`, "line 2", "networks"],
  [`alias,key,owner\na,${KEY},"${KEY}\n"\n`, "line 3", "owner"],
  [`alias,key,expires_on\na,${KEY},${KEY}\n`, "line 2", "expires_on"],
  [`alias,key,disabled\na,${KEY},${KEY}\n`, "line 2", "disabled"],
  [`alias;key\na;${KEY}\n`, "line 1", "commas"],
  [`alias\tkey\na\t${KEY}\n`, "line 1", "commas"],
  [`alias,key\n" a",${KEY}\n`, "line 2", "alias: it begins or ends with a blank"],
  [`alias,key,owner\na,${KEY},"${KEY}\u0007"\n`, "line 2", "owner: it holds a control"],
];

for (const [text, ...says] of REFUSED) {
  test(`refuses ${JSON.stringify(text.slice(0, 60))}, quoting no cell`, async () => {
    const message = await failure("ERR_USAGE", () => parseKeyCsv(text));
    for (const part of says) assert.ok(message.includes(part), `${message}: ${part}`);
    assert.not.match(message.toLowerCase(), /[\da-f]{8}/);
  });
}

test.run();
