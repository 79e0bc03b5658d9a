import { execFileSync } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isPrintable } from "../../src/model/printable.ts";
import { shellWord, shellWords } from "../../src/model/shell_word.ts";
import { missing } from "../support/requirements.ts";

const WORDS = [
  "plain",
  "/var/lib/metricshub/security/metricshub-keystore.p12",
  "",
  "two words",
  "it's",
  "''",
  '$HOME `id` $(id) \\n " ; & | < > * ? ~ # !',
  "-rf",
  "größe",
];

for (const word of WORDS) {
  test(`a shell reads ${JSON.stringify(word)} as it is`, () => {
    assert.is(execFileSync("sh", ["-c", `printf %s ${shellWord(word)}`]).toString(), word);
  });
}

test("what is one word to a shell is one here", () => {
  const words = [...WORDS, "a\nb \u001b' x"].map(shellWord);
  assert.equal(shellWords(words.join(" ")), words);
});

/** Which plain sh of Debian does not know yet. */
if (missing("bash").length === 0) {
  test("so does one that knows the escapes of what no terminal is to show", () => {
    for (const word of ["a\nb", "\u001b[2J", "tab\there", "\u202e'\\x"]) {
      const quoted = shellWord(word);
      assert.ok(isPrintable(quoted), quoted);
      assert.is(execFileSync("bash", ["-c", `printf %s ${quoted}`]).toString(), word);
    }
  });
}

test.run();
