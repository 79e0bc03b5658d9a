import { inspect } from "node:util";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Secret } from "../../src/model/secret.ts";

const TEXT = "eb47c2be-927f-495f-aa97-0ba0f60b8986";

const LEAKS: readonly (readonly [how: string, print: (secret: Secret) => string])[] = [
  ["a template", (secret) => `${secret}`],
  ["JSON", (secret) => JSON.stringify({ secret })],
  ["inspection", (secret) => inspect({ secret }, { depth: 9, showHidden: true })],
  ["an error's text", (secret) => String(new Error(`for ${secret}`))],
  ["its own properties", (secret) => Object.values(secret).join()],
];

for (const [how, print] of LEAKS) {
  test(`is redacted in ${how}`, () => {
    assert.not.match(print(new Secret(TEXT)), TEXT);
  });
}

test("is revealed on demand", () => {
  assert.is(new Secret(TEXT).reveal(), TEXT);
});

test.run();
