import { AppError } from "../errors.ts";
import { escapeUnprintable, isPrintable, printable } from "../model/printable.ts";
import type { Key } from "../protocol/keys.ts";
import { assertKeystore } from "./assert_keystore.ts";
import { connect } from "./connect.ts";
import { formatCsv } from "./csv.ts";
import type { Declaration, DeclaredKey } from "./declaration.ts";
import type { CommandSpec } from "./command.ts";
import { writeNewFile } from "./files.ts";
import type { Arguments } from "./option.ts";
import { JSON_OPTION, TARGET_OPTIONS } from "./settings.ts";

export const exportCommand: CommandSpec = {
  name: "export",
  summary: "Write what is known of all API keys, never a key itself, as `apply` reads it",
  options: [
    {
      name: "format",
      value: "FORMAT",
      choices: ["yaml", "json", "csv"],
      description: "yaml, json or csv: yaml unless given",
    },
    {
      name: "output-file",
      value: "FILE",
      description: "Write to this new file, for its owner's eyes only",
    },
    { ...JSON_OPTION, description: "The same as --format json" },
    ...TARGET_OPTIONS,
  ],
  examples: [
    "apikey export",
    "apikey export --output-file ./keys.yaml",
    "apikey export --format csv",
    "apikey export --json",
  ],
  async run(args, context) {
    const { print } = context;
    const format = formatOf(args);
    const client = await connect(args, context);
    const keys = await client.listKeys();
    // Applied with --prune, an empty declaration revokes everything.
    if (keys.length === 0) await assertKeystore(client);
    const text = await format(declare(keys));
    const path = args.value("output-file");
    if (path === undefined) print(text);
    else writeNewFile(path, Buffer.from(text, "utf8"), context.system.guardedFiles);
  },
};

/** What would be declared to keep everything as it is. */
function declare(keys: readonly Key[]): Declaration {
  // A key that another one has taken the place of goes when its time is over: no state to keep.
  const current = keys.filter(({ replacedBy }) => replacedBy === null);
  return { version: 1, keys: current.map(declareKey) };
}

function declareKey(key: Key): DeclaredKey {
  const { alias, description, owner, scopes, networks, expiresOn, disabled } = key;
  // Of what a later version has written nothing is known, so nothing is said.
  const metadata = key.supported ? { description, owner, scopes, networks } : {};
  // The expiry of what does not open is not known either.
  const expiry = key.readable ? { expiresOn } : {};
  return { alias, ...metadata, ...expiry, disabled };
}

type Format = (declaration: Declaration) => string | Promise<string>;

const FORMATS: Readonly<Record<string, Format>> = { yaml: asYaml, json: asJson, csv: asCsv };

/** @throws AppError ERR_USAGE */
function formatOf(args: Arguments): Format {
  const name = args.value("format");
  if (args.isSet("json") && name !== undefined && name !== "json") {
    throw new AppError("ERR_USAGE", "--json and --format: give one of them");
  }
  const format = FORMATS[args.isSet("json") ? "json" : name ?? "yaml"];
  if (format !== undefined) return format;
  const text = `invalid --format '${printable(name ?? "")}': give yaml, json or csv`;
  throw new AppError("ERR_USAGE", text);
}

function asJson(declaration: Declaration): string {
  return `${escapeUnprintable(JSON.stringify(declaration), escapeInUtf16)}\n`;
}

/** Whatever other programs call their keys: no terminal is moved by it, and `apply` reads the same. */
function escapeInUtf16(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
}

async function asYaml(declaration: Declaration): Promise<string> {
  const { Document, visit } = await import("yaml");
  // Readers of YAML 1.1 would take some texts for times or booleans unless they are in quotes.
  const document = new Document(declaration, {
    aliasDuplicateObjects: false,
    compat: "yaml-1.1",
  });
  visit(document, {
    Scalar(_, scalar) {
      const { value } = scalar;
      if (typeof value === "string" && !isPrintable(value)) scalar.type = "QUOTE_DOUBLE";
    },
  });
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return escapeUnprintable(text, escapeInYaml);
}

function escapeInYaml(character: string): string {
  const codePoint = character.codePointAt(0) ?? 0;
  return `\\U${codePoint.toString(16).padStart(8, "0")}`;
}

const COLUMNS = "alias,expires_on,description,owner,scopes,networks,disabled".split(",");

/** For spreadsheets: in a sheet there is no way to escape what is not printable. */
function asCsv({ keys }: Declaration): string {
  const rows = keys.map(({ alias, expiresOn, description, owner, scopes, networks, disabled }) =>
    [alias, expiresOn, description, owner, scopes?.join(" "), networks?.join(" "), `${disabled}`]
      .map((text) => printable(text ?? "", Infinity))
  );
  return formatCsv([COLUMNS, ...rows]);
}
