// Whatever takes flags names them all: the manual page, the README, --help.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findStaleDocuments } from "../../scripts/documents.ts";
import { daemonPage } from "../../scripts/daemon_page.ts";
import { exitStatuses, manualPage } from "../../scripts/manual_page.ts";
import { ROOT } from "../../scripts/runtimes.ts";
import type { CommandSpec } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { declaredKeySchema } from "../../src/cli/declaration.ts";
import { COLUMNS } from "../../src/cli/key_csv.ts";
import { printHelp } from "../../src/cli/help.ts";
import { ERRORS } from "../../src/errors.ts";
import { findTool, requiring } from "../support/requirements.ts";

const README = readFileSync(join(ROOT, "README.md"), "utf8");
const CLI_README = readFileSync(join(ROOT, "src", "cli", "README.md"), "utf8");
const FACTS = { version: "1.2.3", date: "2020-12-31", readme: README, cliReadme: CLI_README };
const PAGE = manualPage(COMMANDS, FACTS);
const DAEMON_PAGE = daemonPage(COMMANDS, FACTS);

for (const command of COMMANDS) {
  test(`--help, page and README name every flag of ${command.name}`, () => {
    const help = helpOf(command);
    const section = sectionOf(PAGE, command);
    for (const { name } of command.options) {
      const flag = new RegExp(`(?<![\\w-])--${name}(?![\\w-])`);
      assert.match(help, flag);
      assert.match(section, flag);
      assert.match(README, flag, `README.md does not name --${name}: weave it in`);
    }
    assert.ok(README.includes(command.name.split(" ").at(-1) ?? ""), `README.md: ${command.name}`);
    for (const example of command.examples) assert.ok(plain(PAGE).includes(`$ ${example}\n`));
  });
}

function helpOf(command: CommandSpec): string {
  const lines: string[] = [];
  const { info } = console;
  console.info = (text: string) => void lines.push(text);
  try {
    printHelp(COMMANDS, "1.2.3", command);
  } finally {
    console.info = info;
  }
  return lines.join("\n");
}

/** As it is read, but for the lines' ends. */
function plain(page: string): string {
  return page.replace(/\\f[BIR]/g, "").replaceAll("\\-", "-").replaceAll("\\(aq", "'")
    .replaceAll("\\(dq", '"').replace(
      /\\\[u([0-9A-F]+)\]/g,
      (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 16)),
    );
}

function sectionOf(page: string, { name, argument }: CommandSpec): string {
  const title = `.SS "apikey ${[name, argument].filter(Boolean).join(" ")}"\n`;
  const text = plain(page);
  const start = text.indexOf(title);
  assert.ok(start >= 0, title);
  const [section = ""] = text.slice(start + title.length).split(/^\.S[SH] /m, 1);
  return section;
}

test("every hyphen can be typed again", () => {
  for (const page of [PAGE, DAEMON_PAGE]) {
    const [, ...lines] = page.split("\n");
    assert.equal(lines.filter((line) => /(?<!\\)-/.test(line)), []);
  }
});

test("the page has every exit status and every variable", () => {
  const known = exitStatuses(README).map(([status]) => status);
  const possible = [0, 3, ...Object.values(ERRORS).map(({ exitStatus }) => exitStatus)];
  assert.equal(known, [...new Set(possible)].sort((a, b) => a - b).map(String));
  for (const status of known) assert.match(PAGE, `.TP\n\\fB${status}\\fR\n`);
  const variables = COMMANDS.flatMap(({ options }) => options)
    .flatMap(({ description }) => /APIKEY_\w+/.exec(description) ?? []);
  assert.ok(variables.length > 0);
  for (const variable of variables) assert.match(PAGE, `.TP\n\\fB${variable}\\fR\n`);
});

test("the page has every field of a declaration and every column", () => {
  const [, declaration = "", csv = ""] = plain(PAGE).split(/^\.SH "(?:DECLARATION|CSV)"$/m);
  const fields = Object.keys(declaredKeySchema.entries);
  for (const field of fields) assert.match(declaration, `.TP\n${field}\n`);
  for (const column of COLUMNS) assert.match(csv.split(".SH")[0] ?? "", `.TP\n${column}\n`);
});

const HOSTILE: readonly CommandSpec[] = [{
  name: "odd",
  summary: ".dots at the 'beginning', \\back\\slashes and \"quotes\"",
  options: [{ name: "a-b", value: 'X"Y', description: "'.TH \\fB -- … größe ~^ 漢 \u{1f600}" }],
  examples: [".request", "'apostrophe", 'apikey odd --a-b "a b" \\'],
  run: () => Promise.resolve(),
}];

const LINTERS = [
  { name: "groff", args: ["-man", "-ww", "-Tutf8", "-z"], show: ["-man", "-Tutf8", "-P-cbou"] },
  { name: "mandoc", args: ["-T", "lint", "-W", "warning"], show: ["-T", "utf8"] },
];

for (const { name, args, show } of LINTERS) {
  requiring(test, name)(`${name} has nothing to say against the pages`, () => {
    for (const page of [PAGE, manualPage(HOSTILE, FACTS), DAEMON_PAGE]) {
      const { status, stdout, stderr } = spawnSync(findTool(name) ?? "", args, {
        input: page,
        encoding: "utf8",
      });
      assert.equal([status, stdout, stderr], [0, "", ""]);
    }
  });

  requiring(test, name)(`${name} shows the page in 80 columns`, () => {
    const { stdout } = spawnSync(findTool(name) ?? "", show, { input: PAGE, encoding: "utf8" });
    const lines = stdout.replace(/.[\b]/gu, "").split("\n");
    assert.equal(lines.filter((line) => line.length > 80), []);
    assert.ok(lines.length > 400);
  });

  requiring(test, name)(`${name} shows every character as it is`, () => {
    const { stdout } = spawnSync(findTool(name) ?? "", show, {
      input: manualPage(HOSTILE, FACTS),
      encoding: "utf8",
    });
    // mandoc overstrikes for bold and underlined.
    const text = stdout.replace(/.[\b]/gu, "");
    const [{ summary, options, examples }] = HOSTILE as [CommandSpec];
    const shown = [summary, `--a-b ${options[0]?.value}`, ...examples.map((line) => `$ ${line}\n`)];
    for (const expected of [...shown, options[0]?.description ?? ""]) {
      assert.ok(text.includes(expected), `${expected} in ${text}`);
    }
  });
}

test("the daemon's page has all its flags, variables, signals, and what it shares with the other", () => {
  const daemon = COMMANDS.find(({ name }) => name === "daemon");
  const text = plain(DAEMON_PAGE);
  for (const { name, description } of daemon?.options ?? []) {
    assert.match(text, `.TP\n--${name} `);
    const [variable = ""] = /APIKEY_\w+/.exec(description) ?? [];
    assert.match(text, `.TP\n${variable}\nThe same`);
  }
  for (const example of daemon?.examples ?? []) assert.ok(text.includes(`$ ${example}\n`));
  for (const word of ["SIGTERM", "SIGHUP", "metricshub-apikey.socket", "apikey(1)"]) {
    assert.ok(text.includes(word), word);
  }
  assert.ok(plain(PAGE).includes("apikey-daemon(8)"));
});

test("a command that nobody has documented does not go unnoticed", () => {
  const [first, ...others] = COMMANDS as [CommandSpec, ...CommandSpec[]];
  const json = { name: "json", description: "Print JSON" };
  const added = { ...first, name: "later", options: [json] };
  assert.match(findStaleDocuments(ROOT, [...COMMANDS, added])[0] ?? "", "output_schemas.ts");
  assert.match(findStaleDocuments(ROOT, others)[0] ?? "", "no command with --json: create");
  const silent = { ...first, name: "later", options: [] };
  assert.equal(findStaleDocuments(ROOT, [...COMMANDS, silent]).length, 1);
  assert.equal(findStaleDocuments(ROOT, COMMANDS), []);
});

test.run();
