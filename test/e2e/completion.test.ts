// What Tab does in real shells, with aliases that others have chosen with care; and where there are none.
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { apikey, execute } from "../support/execute.ts";
import { madeKeystore } from "../support/made_keystore.ts";
import { requiring } from "../support/requirements.ts";
import {
  KEYSTORE_NAME,
  type TemporaryFolder,
  temporaryFolder,
} from "../support/temporary_folder.ts";
import { typeInto } from "../support/terminal.ts";
import { asUser } from "../support/users.ts";

const ALIASES: readonly string[] = [
  "mcp-openai",
  "my alias",
  "it's",
  "m$(touch pwned)",
  "n`touch pwned`",
  "o; touch pwned",
  "p:colon:two",
  "q\\back",
  "größe",
  "h!bang",
  "{a,b}*",
  "~lead",
  'dq"x',
  "漢 字",
  "-dash",
];

/** What is typed before Tab, and the arguments that the command then gets. */
const LINES: readonly (readonly [typed: string, argv: readonly string[]])[] = [
  ["revoke my", ["revoke", "my alias"]],
  ['revoke "my', ["revoke", "my alias"]],
  ["revoke 'my a", ["revoke", "my alias"]],
  ["revoke 'it", ["revoke", "it's"]],
  ["revoke it", ["revoke", "it's"]],
  ["revoke m\\$", ["revoke", "m$(touch pwned)"]],
  ["revoke 'm$", ["revoke", "m$(touch pwned)"]],
  ["revoke n", ["revoke", "n`touch pwned`"]],
  ['revoke "n', ["revoke", "n`touch pwned`"]],
  ["revoke --alias o", ["revoke", "--alias", "o; touch pwned"]],
  ["revoke --alias=p:c", ["revoke", "--alias=p:colon:two"]],
  ["revoke q", ["revoke", "q\\back"]],
  ["revoke gr", ["revoke", "größe"]],
  ["revoke h", ["revoke", "h!bang"]],
  ['revoke "h', ["revoke", "h!bang"]],
  ["revoke \\{", ["revoke", "{a,b}*"]],
  ["revoke \\~", ["revoke", "~lead"]],
  ["revoke dq", ["revoke", 'dq"x']],
  ["revoke 漢", ["revoke", "漢 字"]],
  ["revoke -- -", ["revoke", "--", "-dash"]],
  ["revoke MCP", ["revoke", "mcp-openai"]],
  ["keystore ba", ["keystore", "backup"]],
  ["export --format c", ["export", "--format", "csv"]],
  ["apply some", ["apply", "some file.yaml"]],
];

const SHELLS = [
  { shell: "bash", command: "bash --norc --noprofile -i", prepare: "" },
  { shell: "zsh", command: "zsh -f -i", prepare: "autoload -U compinit; compinit -u -D; " },
  { shell: "fish", command: "fish --no-config -i", prepare: "" },
] as const;

// The scripts are the same whatever runs the source, and each line starts the command anew.
const isExecutable = COMMAND.length === 1 && basename(COMMAND[0]) === "apikey";

for (const { shell, command, prepare } of isExecutable ? SHELLS : []) {
  requiring(test, shell, "script")(`completes in ${shell}, and runs nothing`, async () => {
    using folder = temporaryFolder();
    await createKeystore(folder, ALIASES);
    writeFileSync(folder.file("some file.yaml"), "");
    const script = await apikey(["completion", shell]);
    writeFileSync(folder.file("completion"), script.stdout);
    writeCommand(folder.file("apikey"));
    const lines = LINES.map(([typed]) => `apikey ${typed}\t`);
    const input = [`cd ${folder.path}`, `${prepare}source ./completion`, ...lines, "exit"]
      .map((line) => `${line}\r`).join("");
    const shown = await typeInto(command, input, {
      PATH: `${folder.path}:/usr/local/bin:/usr/bin:/bin`,
      HOME: folder.path,
      APIKEY_KEYSTORE: folder.file(KEYSTORE_NAME),
    });
    assert.not.ok(existsSync(folder.file("pwned")), shown);
    const ran = readFileSync(folder.file("argv"), "utf8").split("\n").filter(Boolean);
    assert.equal(
      ran.map((line) => JSON.stringify(line.split("\0").slice(0, -1))),
      LINES.map(([, argv]) => JSON.stringify(argv)),
      shown,
    );
  });
}

/** Completes as ever; all else it only writes down. */
function writeCommand(path: string): void {
  const text = `#!/bin/sh
if [ "$1" = __complete ]; then exec ${COMMAND[0]} "$@"; fi
printf '%s\\0' "$@" >> argv
echo >> argv
`;
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

async function createKeystore(
  folder: TemporaryFolder,
  aliases: readonly string[],
): Promise<string> {
  const path = folder.file(KEYSTORE_NAME);
  const payload = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
  const entries = aliases.map((alias) => ({ name: `api_key:${alias}`, payload }));
  writeFileSync(path, await madeKeystore(entries), { mode: 0o600 });
  return path;
}

function ask(keystore: string) {
  return apikey(["__complete", "zsh", "revoke", ""], { env: { APIKEY_KEYSTORE: keystore } });
}

/** Every file with what would change if it were written. */
function stateOf(folder: string): string[] {
  return readdirSync(folder).sort().map((name) => {
    const { ino, size, mtimeMs } = statSync(join(folder, name));
    return [name, ino, size, mtimeMs].join(" ");
  });
}

test("finds aliases, and leaves no trace", async () => {
  using folder = temporaryFolder();
  const keystore = await createKeystore(folder, ["a", "b"]);
  const before = stateOf(folder.path);
  const { status, stdout, stderr } = await ask(keystore);
  assert.equal([status, stdout, stderr], [0, "words\na\t\nb\t\n", ""]);
  assert.equal(stateOf(folder.path), before);
});

test("says nothing of a keystore that is damaged, or not there", async () => {
  using folder = temporaryFolder();
  const nothing = { status: 0, stdout: "words\n", stderr: "" };
  assert.equal(await ask(folder.file("none.p12")), nothing);
  assert.equal(await ask(folder.file("none/none.p12")), nothing);
  writeFileSync(folder.file("damaged.p12"), "0 damaged");
  const before = stateOf(folder.path);
  assert.equal(await ask(folder.file("damaged.p12")), nothing);
  assert.equal(await ask(folder.path), nothing);
  assert.equal(stateOf(folder.path), before);
  const socket = ["__complete", "zsh", "revoke", "--socket", folder.file("none.sock"), ""];
  assert.equal(await apikey(socket), nothing);
});

requiring(test, "root", "linux")("says nothing to those who may not", async () => {
  using folder = temporaryFolder(0o755);
  const keystore = await createKeystore(folder, ["a"]);
  const before = stateOf(folder.path);
  for (const mode of [0o600, 0o644]) {
    chmodSync(keystore, mode);
    const argv = [...COMMAND, "__complete", "zsh", "revoke", "--keystore", keystore, ""];
    const { status, stdout, stderr } = await execute(asUser({ uid: 1000 }, argv));
    assert.equal([status, stdout, stderr], [0, "words\n", ""]);
  }
  assert.equal(stateOf(folder.path), before);
});

test.run();
