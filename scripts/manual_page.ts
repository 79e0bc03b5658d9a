import type { CommandSpec } from "../src/cli/command.ts";
import type { OptionSpec } from "../src/cli/option.ts";
import { usageOf } from "./command_reference.ts";
import { bold, italic, prose, section, subsection, tagged, verbatim } from "./roff.ts";

export interface PageFacts {
  readonly version: string;
  /** `2031-12-31` */
  readonly date: string;
  /** The README, for the exit statuses. */
  readonly readme: string;
  /** That of src/cli, for what is in files. */
  readonly cliReadme: string;
}

const DESCRIPTION: readonly string[] = [
  "Creates, lists, revokes and checks the API keys with which MCP clients, agents and REST automation " +
  "authenticate to a MetricsHub web server on this host. Keys live in the encrypted PKCS#12 keystore " +
  "`metricshub-keystore.p12`, which MetricsHub's own programs read and write, too.",
  "As a command it acts and exits; as `apikey daemon` it is the one process that writes the keystore, " +
  "and serves an HTTP API on a Unix domain socket. A command with `--keystore` works on that file in " +
  "process. Otherwise it asks the daemon at `--socket`; where none listens, and no socket was named, " +
  "it works on the default keystore itself.",
  "Results go to standard output, all else to standard error. With `--json` both are for programs, by " +
  "the JSON Schema that `apikey schema` prints.",
];

export const FILES: readonly (readonly [path: string, meaning: string])[] = [
  [
    "../security/metricshub-keystore.p12",
    "The default keystore of an executable in a folder `bin`, from there, where there is such a folder.",
  ],
  ["/var/lib/metricshub/security/metricshub-keystore.p12", "The default keystore of all others."],
  [
    "metricshub-keystore.password",
    "Beside the keystore: its password, unless that is MetricsHub's built-in one or given by " +
    "`--password-file` or systemd's credential `keystore-password`.",
  ],
  [
    "metricshub-keystore.p12.generation-1",
    "Beside the keystore: its state before the last change.",
  ],
  ["metricshub-keystore.p12.lock", "Beside the keystore: held by whoever writes it."],
  ["metricshub-keystore.usage.json", "Beside the keystore: how keys are used, by the daemon."],
  [
    "metricshub-keystore.audit.jsonl",
    "Beside the keystore: who did what to keys: chained and signed.",
  ],
  ["metricshub-keystore.audit.jsonl.head", "Beside that: how far it has come."],
  [
    "/etc/metricshub/apikey.yaml",
    "The configuration file, which need not be there; `apikey config check` finds its mistakes.",
  ],
  ["/run/metricshub/apikey.sock", "The default socket of the daemon."],
];

const DECLARATION =
  "What `apikey apply` reads and `apikey export` writes: YAML 1.2, of which JSON is a part, with " +
  "`version: 1` and a list of `keys`. A field that is not there is not declared.";

const CSV =
  "What `apikey import` reads, besides PKCS#12 keystores: RFC 4180, UTF-8, with commas between cells. " +
  "The first line names the columns, in any order.";

const SEE_ALSO = "apikey-daemon(8), keytool(1), openssl(1), curl(1), systemd.exec(5)";

/** The manual page apikey(1), made of the table that `--help` is made of. */
export function manualPage(commands: readonly CommandSpec[], facts: PageFacts): string {
  const { version, date, readme, cliReadme } = facts;
  const lines = [
    `.TH APIKEY 1 ${date} "apikey ${version}" "User Commands"`,
    // Left-justified, and no word is broken: paths and flags stay as they are typed.
    ".nh",
    ".ad l",
    ...section("NAME", "apikey \\- manage the API keys of a MetricsHub web server"),
    ...section("SYNOPSIS", ...synopsis()),
    ...section("DESCRIPTION", ...DESCRIPTION.flatMap((text, index) => paragraph(text, index))),
    ...section("COMMANDS", ...commands.flatMap(describeCommand)),
    ...section("DECLARATION", prose(DECLARATION), ...fields(cliReadme, "A declaration")),
    ...section("CSV", prose(CSV), ...fields(cliReadme, "import")),
    ...section(
      "EXIT STATUS",
      ...exitStatuses(readme).flatMap(([status, meaning]) => tagged(bold(status), prose(meaning))),
    ),
    ...section(
      "ENVIRONMENT",
      prose("Flags outweigh these, and these the configuration file."),
      ...environment(commands),
    ),
    ...section("FILES", ...FILES.flatMap(([path, text]) => tagged(italic(path), prose(text)))),
    // A section begins with a paragraph by itself.
    ...section("EXAMPLES", ...commands.flatMap(describeExamples).slice(1)),
    ...section("SEE ALSO", prose(SEE_ALSO)),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function synopsis(): string[] {
  const [apikey, command, options] = [bold("apikey"), italic("command"), italic("option")];
  return [
    `${apikey} ${command} [${options} ...]`,
    ".br",
    `${apikey} [${command}] ${bold("--help")}`,
    ".br",
    `${apikey} ${bold("--version")}`,
  ];
}

export function paragraph(text: string, index: number): string[] {
  return index === 0 ? [prose(text)] : [".PP", prose(text)];
}

function describeCommand(command: CommandSpec): string[] {
  return [
    ...subsection(`apikey ${usageOf(command)}`, prose(`${command.summary}.`)),
    ...command.options.flatMap((option) => tagged(flag(option), prose(option.description))),
  ];
}

function describeExamples({ summary, examples }: CommandSpec): string[] {
  return [".PP", prose(`${summary}:`), ...verbatim(examples.map((example) => `$ ${example}`))];
}

export function flag({ name, value }: OptionSpec): string {
  return value === undefined ? bold(`--${name}`) : `${bold(`--${name}`)} ${italic(value)}`;
}

/** The rows of the README's table: `| 0 | done |`. */
export function exitStatuses(readme: string): (readonly [status: string, meaning: string])[] {
  const rows = readme.matchAll(/^\| (\d+) +\| (.*?) +\|$/gm);
  return [...rows].map(([, status = "", meaning = ""]) => [status, meaning] as const);
}

/** The rows of the table in a part of a document: `| \`alias\` | the key's name |`. */
function fields(document: string, title: string): string[] {
  const [, part = ""] = document.split(`\n### ${title}\n`);
  const [text = ""] = part.split(/^##/m);
  const rows = [...text.matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)];
  if (rows.length === 0) throw new Error(`no table in ${title}`);
  return rows.flatMap(([, name = "", meaning = ""]) => tagged(bold(name), prose(meaning)));
}

/** An option names its variable at the end of its description: `(APIKEY_SOCKET)`. */
export function environment(commands: readonly CommandSpec[]): string[] {
  const flags = new Map<string, string>();
  for (const { name, description } of commands.flatMap(({ options }) => options)) {
    const [, variable] = /\((APIKEY_[A-Z_]+)\)$/.exec(description) ?? [];
    if (variable !== undefined) flags.set(variable, name);
  }
  return [
    ...[...flags].flatMap(([variable, name]) =>
      tagged(bold(variable), prose(`The same as \`--${name}\`.`))
    ),
    ...tagged(bold("APIKEY_DEBUG"), prose("Not empty: show the details of a defect.")),
    ...tagged(bold("TZ"), prose("The zone of expiries; it must be the one that MetricsHub has.")),
  ];
}
