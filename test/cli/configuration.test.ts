// What a configuration file may say, and where a line about it points.
import { chownSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseConfiguration, type ParsedConfiguration } from "../../src/cli/configuration.ts";
import { findSuspicions } from "../../src/cli/configuration_suspicion.ts";
import { ALL_SETTINGS } from "../../src/cli/setting_table.ts";
import { MODE } from "../../src/cli/value_kind.ts";
import { requiring } from "../support/requirements.ts";
import { BARE_SYSTEM } from "../support/run_command.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const parse = (text: string | Uint8Array) => parseConfiguration(Buffer.from(text as string));

function told({ problems }: ParsedConfiguration): string[] {
  return problems.map(({ line, column, text }) => `${line}:${column}: ${text}`);
}

/** A file, and how each line about it begins, or what is in it. */
const REFUSED: readonly (readonly [text: string, ...says: string[]])[] = [
  ["", "1:1: the file is empty"],
  [" \n\n", "1:1: the file is empty"],
  ["text", "1:1: expected settings, such as logLevel: info"],
  ["- generations: 1\n", "1:1: expected settings, such as logLevel: info"],
  ["generation: 1\n", "1:1: generation: unknown field; did you mean 'generations'?"],
  ["Keystore: /a\n", "1:1: Keystore: unknown field; did you mean 'keystore'?"],
  ["1: 2\n", "1:1: 1: unknown field"],
  ["xyzzyxyzzy: 1\n", "1:1: xyzzyxyzzy: unknown field"],
  ["\u001b[2J: 1\n", "1:1: "],
  ["generations: 100\n", "1:14: generations: expected a number from 0 to 99"],
  ['generations: "3"\n', "1:14: generations: expected a number"],
  ["generations: 3.0\n", "1:14: generations: expected a number"],
  ["generations: 1e1\n", "1:14: generations: expected a number"],
  ["generations: -1\n", "1:14: generations: expected a number"],
  ["generations: [1]\n", "1:14: generations: expected a number"],
  ["generations:\n", "1:1: generations: expected a number"],
  ["keystore: ./a\n", "1:11: keystore: expected an absolute path"],
  ["keystore: true\n", "1:11: keystore: expected an absolute path"],
  ['keystore: "/a\\0"\n', "1:11: keystore: expected an absolute path"],
  ['socket: ""\n', "1:9: socket: expected an absolute path"],
  ["auditLog: jornal\n", "1:11: auditLog: expected an absolute path, journal or none"],
  ["socketMode: 999\n", "1:13: socketMode: expected three octal digits"],
  ["socketMode: 1777\n", "1:13: socketMode: expected three octal digits"],
  ["logLevel: INFO\n", "1:11: logLevel: expected one of error, warn, info, debug"],
  ["adminGroup: true\n", "1:13: adminGroup: expected a group's name or gid"],
  ["limits: 3\n", "1:9: limits: expected a mapping"],
  ["limits:\n  verifier: {}\n", "2:3: limits.verifier: unknown field; did you mean 'verifiers'?"],
  [
    "limits:\n  anyone:\n    connections: 0\n",
    "3:18: limits.anyone.connections: expected a number",
  ],
  ["limits: {anyone: {connections: 5000}}\n", "1:32: limits.anyone.connections: expected"],
  ["limits.anyone.connections: 5\n", "1:1: limits.anyone.connections: unknown field"],
  ["generations: 1\ngenerations: 2\n", "2:1: Map keys must be unique"],
  ["generations: 1\n adminGroup: a\n", "1:14: "],
  ["generations: !count 1\n", "1:14: Unresolved tag"],
  ["generations: *a\n", "1:14: generations: expected a number"],
  ["<<: {generations: 1}\n", "1:1: <<: unknown field"],
  ["limits: &a {verifiers: *a}\n", "1:13: limits.verifiers.verifiers: unknown field"],
  ["generations: 1\n---\ngenerations: 2\n", "2:1: it is more than one document"],
  ["[".repeat(20_000), "1:1: it is nested too deeply"],
  [
    "generations: 100\nkeystroe: /a\nlogLevel: loud\n",
    "1:14: generations: expected",
    "2:1: keystroe: unknown field; did you mean 'keystore'?",
    "3:11: logLevel: expected",
  ],
];

for (const [text, ...says] of REFUSED) {
  test(`finds what is wrong with ${JSON.stringify(text.slice(0, 60))}`, async () => {
    const lines = told(await parse(text));
    assert.is(lines.length, says.length, lines.join("\n"));
    for (const [index, start] of says.entries()) {
      assert.ok(lines[index]?.startsWith(start), `${lines[index]}: ${start}`);
      assert.not.match(lines[index] ?? "", /\p{C}/u);
    }
  });
}

test("says where a text stops to be UTF-8", async () => {
  const octets = Buffer.concat([Buffer.from("# é\na: "), Buffer.from([0xe9])]);
  assert.equal(told(await parse(octets)), ["2:4: it is no UTF-8 text"]);
  const utf16 = Buffer.from("\ufeffgenerations: 1\n", "utf16le");
  assert.equal(told(await parse(utf16)), ["1:1: it is no UTF-8 text"]);
});

test("a file whose parts refer to each other without end takes no time", async () => {
  const lines = ["a: &a [x,x,x,x,x,x,x,x,x]"];
  for (const [name, other] of ["ba", "cb", "dc", "ed", "fe", "gf", "hg"]) {
    lines.push(`${name}: &${name} [${Array(9).fill(`*${other}`).join(",")}]`);
  }
  const { problems } = await parse(`${lines.join("\n")}\nlimits: *h\n`);
  assert.is(problems.length, lines.length + 1);
});

test("values are what they say, however they are written", async () => {
  const yaml = `# ours
keystore: "/srv/keys.p12"   # quoted
socketMode: 0660
adminGroup: 100
verifierGroup: &group web
socketGroup: *group
auditLog: journal
limits:
  verifiers:
  anyone: {connections: 5}
`;
  const { fields, problems } = await parse(`\ufeff${yaml.replaceAll("\n", "\r\n")}`);
  assert.equal(problems, []);
  const values = [...fields].map(([key, { text, line }]) => [key, text, line]);
  assert.equal(values, [
    ["keystore", "/srv/keys.p12", 2],
    ["socketMode", "0660", 3],
    ["adminGroup", "100", 4],
    ["verifierGroup", "web", 5],
    ["socketGroup", "web", 6],
    ["auditLog", "journal", 7],
    ["limits.anyone.connections", "5", 10],
  ]);
});

for (const mode of ["660", "0660", "0o660", '"660"', "'0660'"]) {
  test(`a mode may be ${mode}, and is octal`, async () => {
    const { fields } = await parse(`socketMode: ${mode}\n`);
    assert.is(MODE.parse(fields.get("socketMode")?.text ?? "", "file"), 0o660);
  });
}

test("a file of comments says nothing", async () => {
  for (const text of ["# nothing\n", "#a\r\n\r\n  # b", "---\n# nothing\n", "limits:\n"]) {
    assert.equal(await parse(text), { fields: new Map(), problems: [] }, text);
  }
});

const EXAMPLE = readFileSync(
  join(import.meta.dirname, "..", "..", "src", "cli", "apikey.example.yaml"),
  "utf8",
);

test("the example says nothing as it is, and has every setting when it is uncommented", async () => {
  assert.equal(await parse(EXAMPLE), { fields: new Map(), problems: [] });
  const { fields, problems } = await parse(EXAMPLE.replace(/^#(?= *[a-zA-Z]+:( |$))/gm, ""));
  assert.equal(problems, []);
  assert.equal([...fields.keys()], ALL_SETTINGS.map(({ key }) => key));
});

test("a setting with a default has that in the example", async () => {
  const { fields } = await parse(EXAMPLE.replace(/^#(?= *[a-zA-Z]+:( |$))/gm, ""));
  for (const { key, initial } of ALL_SETTINGS) {
    if (initial !== undefined) assert.is(fields.get(key)?.text, String(initial), key);
  }
});

test("what is hardly right on this host is named by its line", async () => {
  const parsed = await parse(`keystore: /nonexistent/keys.p12
socket: /${"x".repeat(107)}
adminGroup: nobody-knows
verifierGroup: known
socketGroup: 4711
passwordFile: /etc/no-such-file
auditLog: none
`);
  const groupId = (name: string) => name === "known" ? 100 : undefined;
  const found = findSuspicions(parsed, { ...BARE_SYSTEM, groupId });
  assert.equal(found.map(({ line, column }) => [line, column]), [[1, 1], [2, 1], [3, 1], [6, 1]]);
  for (const [index, part] of ["/nonexistent", "108", "groupadd", "no-such-file"].entries()) {
    assert.ok(found[index]?.text.includes(part), found[index]?.text);
  }
});

requiring(test, "linux", "root")(
  "a folder that the audit log is to have is the keystore's owner's, who has to write to it",
  async () => {
    using folder = temporaryFolder();
    const keystore = folder.file("keys.p12");
    const say = `keystore: ${keystore}\nauditLog: /nonexistent/audit.jsonl\n`;
    const command = async () => findSuspicions(await parse(say), BARE_SYSTEM)[0]?.command;
    assert.is(await command(), "install --directory --mode=700 /nonexistent");
    chownSync(folder.path, 4711, 4712);
    const given = "install --directory --mode=700 --owner=4711 --group=4712 /nonexistent";
    assert.is(await command(), given, "a keystore that is not there yet will be its folder's");
    writeFileSync(keystore, "");
    assert.is(await command(), "install --directory --mode=700 /nonexistent");
    chownSync(keystore, 4711, 4712);
    assert.is(await command(), given);
  },
);

test.run();
