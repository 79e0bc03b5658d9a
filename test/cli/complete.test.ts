import { test } from "uvu";
import * as assert from "uvu/assert";
import { escapeForBash, readBashLine } from "../../src/cli/bash_line.ts";
import type { CommandContext } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { complete } from "../../src/cli/complete.ts";
import type { ApiResponse } from "../../src/client/transport.ts";
import type { Key } from "../../src/protocol/keys.ts";
import { listedKey, runCommand } from "../support/run_command.ts";

const BREAKS = " \t\n\"'@><=;|&(:";

const KEYS: readonly Key[] = [
  listedKey("mcp-openai", { description: "nightly", scopes: ["mcp:read"], owner: "ops" }),
  listedKey("mcp:claude", { disabled: true, scopes: ["mcp:read", "rest:*"] }),
  listedKey("my alias", { description: "a\nb\u001b[2J\tc" }),
  listedKey("-x"),
  listedKey("..", { description: "no request can name it" }),
  listedKey("moves\u001b[2Jthe cursor"),
  listedKey("two\nlines"),
];

const LISTED = () => ({ status: 200, body: { keys: KEYS } });

async function ask(shell: string, words: readonly string[], answer: () => ApiResponse = LISTED) {
  const { status, out, err, requests } = await runCommand(["__complete", shell, ...words], {
    answer,
  });
  assert.equal([status, err], [0, []]);
  const [kind, ...lines] = out.split("\n").slice(0, -1);
  return { kind, lines, values: lines.map((line) => line.split("\t")[0] ?? ""), requests };
}

const ROWS: readonly (readonly [words: string[], kind: string, values: string[]])[] = [
  [["keystore", ""], "words", ["check", "info", "backup", "restore", "rekey"]],
  [["keystore", "backup", ""], "files", []],
  [["revoke", ""], "words", ["mcp-openai", "mcp:claude", "my alias"]],
  [["revoke", "--", ""], "words", ["mcp-openai", "mcp:claude", "my alias", "-x"]],
  [["revoke", "--alias", ""], "words", ["mcp-openai", "mcp:claude", "my alias"]],
  [["revoke", "--alias=m"], "words", ["mcp-openai", "mcp:claude", "my alias", "-x"]],
  [["revoke", "--json", "--keystore", "x", ""], "words", ["mcp-openai", "mcp:claude", "my alias"]],
  [["enable", ""], "words", ["mcp:claude"]],
  [["disable", ""], "words", ["mcp-openai", "my alias"]],
  [["rename", "a", ""], "words", []],
  [["create", ""], "words", []],
  [["create", "--alias", ""], "words", []],
  [["revoke", "--keystore", ""], "files", []],
  [["revoke", "--keystore=x"], "files", []],
  [["apply", "--output-folder", ""], "folders", []],
  [["scan", "a", "b", ""], "files", []],
  [["export", "--format", ""], "words", ["yaml", "json", "csv"]],
  [["daemon", "--log-level", ""], "words", ["error", "warn", "info", "debug"]],
  [["daemon", "--config", ""], "files", []],
  [["describe", "a", "--clear", ""], "words", ["description", "owner", "scope", "cidr"]],
  [["describe", "a", "--scope", ""], "words", ["mcp:read", "rest:*"]],
  [["describe", "a", "--owner", ""], "words", ["ops"]],
  [["completion", ""], "words", ["bash", "zsh", "fish"]],
  [["help", "keystore", "r"], "words", ["check", "info", "backup", "restore", "rekey"]],
  [["xyzzy", ""], "words", []],
  [["schema", ""], "words", ["--help"]],
  [["revoke", "--xyzzy=1"], "words", []],
];

for (const [words, kind, values] of ROWS) {
  test(`completes ${JSON.stringify(words)}`, async () => {
    const answer = await ask("zsh", words);
    assert.equal([answer.kind, answer.values], [kind, values]);
  });
}

test("completes options, but for those that have been given", async () => {
  const { values } = await ask("zsh", ["describe", "a", "--scope", "x", "--owner", "o", "-"]);
  for (const name of ["--scope", "--clear", "--keystore", "--help"]) {
    assert.ok(values.includes(name), name);
  }
  assert.not.ok(values.includes("--owner"));
  assert.equal((await ask("zsh", ["revoke", "--alias", "a", ""])).values.at(-1), "--help");
  assert.ok((await ask("zsh", ["-"])).values.includes("--version"));
});

test("asks for keys only where they are wanted", async () => {
  assert.equal((await ask("zsh", ["revoke", "--"])).requests, []);
  assert.equal((await ask("zsh", [""])).requests, []);
  assert.equal((await ask("zsh", ["show", ""])).requests.length, 1);
});

test("describes candidates in one printable line each", async () => {
  const { lines } = await ask("fish", ["show", "--alias="]);
  assert.equal(lines, [
    "--alias=mcp-openai\tnightly",
    "--alias=mcp:claude\tdisabled",
    "--alias=my alias\ta\\u{a}b\\u{1b}[2J\\u{9}c",
    "--alias=-x\t",
  ]);
});

const BASH_ROWS: readonly (readonly [line: string, values: string[]])[] = [
  ["apikey revoke m", ["mcp-openai", "mcp:claude", "my\\ alias"]],
  ["  apikey  revoke  mcp:", ["claude"]],
  ["apikey revoke mcp\\:", ["mcp:claude"]],
  ["apikey revoke --alias=mcp:c", ["claude"]],
  ["apikey revoke MCP", ["mcp-openai", "mcp:claude"]],
  ["apikey revoke my\\ ", ["my\\ alias"]],
  ["apikey revoke my\\", ["my\\ alias"]],
  ['apikey revoke "my a', ["my alias"]],
  ['apikey revoke "my "al', ["my\\ alias"]],
  ["apikey revoke 'mcp:c", ["mcp:claude"]],
  ["apikey revoke xyz", []],
];

for (const [line, values] of BASH_ROWS) {
  test(`completes in bash: ${line}`, async () => {
    assert.equal((await ask("bash", [line, BREAKS])).lines, values);
  });
}

test("leaves the file of a redirection to bash", async () => {
  for (const line of ["apikey list > ", "apikey list >k", "apikey list 2>> k", "apikey verify <"]) {
    assert.is((await ask("bash", [line, BREAKS])).kind, "files", line);
  }
  assert.is((await ask("bash", ["apikey keystore >x ", BREAKS])).lines[0], "check");
});

test("takes a line apart as bash does", () => {
  const rows: readonly (readonly [string, string[], string, number])[] = [
    ['a \'b\\\' "c\\"\\d" e\\ f g', ["a", "b\\", 'c"\\d', "e f", "g"], "", 0],
    ["a ~/x ~y b~/", ["a", "/home/x", "~y", "b~/"], "", 0],
    ["a '' \"\" ", ["a", "", "", ""], "", 0],
    ["a b=c:d", ["a", "b=c:d"], "", 4],
    ["a b=c'd:e'f", ["a", "b=cd:ef"], "", 2],
    ["a b:'c d", ["a", "b:c d"], "'", 2],
    ["a $(touch x) $HOME `id`", ["a", "$", "touch", "x", "$HOME", "`id`"], "", 0],
  ];
  for (const [line, words, quote, keptLength] of rows) {
    const expected = { words, quote, keptLength, isRedirected: false };
    assert.equal(readBashLine(line, BREAKS, "/home"), expected, line);
  }
});

test("escapes what bash would read otherwise", () => {
  assert.is(
    escapeForBash("a b$(c)`d`!'\"\\größe 漢~#*{", ""),
    "a\\ b\\$\\(c\\)\\`d\\`\\!\\'\\\"\\\\größe\\ 漢\\~\\#\\*\\{",
  );
  assert.is(escapeForBash("it's $x!", "'"), "it'\\''s $x!");
  assert.is(escapeForBash('a"$x`!\\', '"'), 'a\\"\\$x\\`"\\!"\\\\');
});

test("says nothing where there are no aliases to be had", async () => {
  const problem = { title: "", status: 403, code: "ERR_FORBIDDEN", detail: "no" };
  for (const body of [problem, {}, null]) {
    const answer = () => ({ status: 403, body });
    assert.equal((await ask("zsh", ["revoke", ""], answer)).lines, []);
  }
  const fail = () => {
    throw new Error("broken");
  };
  for (const context of [{ connect: fail }, { print: fail }]) {
    const argv = ["__complete", "fish", "revoke", ""];
    const { status, err } = await runCommand(argv, { answer: LISTED, context });
    assert.equal([status, err], [0, []]);
  }
  for (const argv of [["__complete"], ["__complete", "bash"], ["__complete", "tcsh", "x"]]) {
    const { status, err } = await runCommand(argv, { answer: LISTED });
    assert.equal([status, err], [0, []]);
  }
});

test("does not wait for ever", async () => {
  let out = "";
  const context = {
    env: {},
    connect: () => new Promise<never>(() => undefined),
    print: (text: string) => out += text,
  } as unknown as CommandContext;
  await complete(COMMANDS, ["zsh", "revoke", ""], context, 10);
  assert.is(out, "words\n");
});

test("records nothing", async () => {
  let auditLog: string | undefined;
  await runCommand(["__complete", "zsh", "revoke", ""], {
    answer: LISTED,
    context: {
      connect: (settings) => {
        auditLog = settings.auditLog;
        return Promise.reject(new Error());
      },
    },
  });
  assert.is(auditLog, "none");
});

test("prints the script of a shell, and no other", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { status, out } = await runCommand(["completion", shell], { answer: LISTED });
    assert.is(status, 0);
    assert.match(out, `__complete ${shell} `);
    assert.not.match(out, /\beval\b/);
  }
  for (const argv of [["completion"], ["completion", "tcsh"], ["completion", "constructor"]]) {
    assert.is((await runCommand(argv, { answer: LISTED })).status, 2);
  }
});

test.run();
