import { type JsonSchema, toJsonSchemaDefs } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import type { CommandSpec } from "../src/cli/command.ts";
import { FIELD_DESCRIPTIONS } from "../src/cli/output_fields.ts";
import { errorOutputSchema, OUTPUT_SCHEMAS, SHARED_SCHEMAS } from "../src/cli/output_schemas.ts";
import { describeFields, FieldTexts } from "./described_fields.ts";

/** The number goes up when a program for what was before could not read what is printed. */
const ID = "urn:metricshub-apikey:output:1";

const PROMISE =
  "What commands of apikey print on standard output with --json: a definition for each command " +
  "(keystore-check for `apikey keystore check`), and `error` for a line on standard error. Within " +
  "version 1 fields may be added; none is removed, renamed, or given another type or meaning. " +
  "Ignore those that you do not know. An enum lists all that there will be.";

/**
 * The published JSON Schema of all output, draft 2020-12.
 *
 * @throws Error for a command that takes `--json` without a schema, and for what is left over
 */
export function outputSchemaDocument(commands: readonly CommandSpec[]): JsonSchema {
  const texts = new FieldTexts(FIELD_DESCRIPTIONS);
  const definitions: Record<string, JsonSchema> = {
    error: define("error", errorOutputSchema, texts),
  };
  for (const [name, schema] of Object.entries(SHARED_SCHEMAS)) {
    definitions[name] = define(name, schema, texts);
  }
  for (const { name, schema } of withSchemas(commands)) {
    const title = `apikey ${name} --json`;
    const definition = definitionName(name);
    definitions[definition] = { title, ...define(definition, schema, texts) };
  }
  texts.assertAllUsed("output");
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: ID,
    title: "Output of apikey",
    description: PROMISE,
    $defs: definitions,
  };
}

/** `keystore check` is `#/$defs/keystore-check`. */
export function definitionName(command: string): string {
  return command.replaceAll(" ", "-");
}

export function takesJson({ options }: CommandSpec): boolean {
  return options.some(({ name }) => name === "json");
}

function withSchemas(
  commands: readonly CommandSpec[],
): { readonly name: string; readonly schema: GenericSchema }[] {
  const names = commands.filter(takesJson).map(({ name }) => name);
  const surplus = Object.keys(OUTPUT_SCHEMAS).filter((name) => !names.includes(name));
  if (surplus.length > 0) throw new Error(`no command with --json: ${surplus.join(", ")}`);
  return names.map((name) => {
    const schema = OUTPUT_SCHEMAS[name];
    if (schema !== undefined) return { name, schema };
    throw new Error(`apikey ${name} --json has no schema: add it to src/cli/output_schemas.ts`);
  });
}

function define(name: string, schema: GenericSchema, texts: FieldTexts): JsonSchema {
  const shared = Object.entries(SHARED_SCHEMAS).find(([, known]) => known === schema)?.[0];
  if (shared !== undefined && shared !== name) return { $ref: `#/$defs/${shared}` };
  const converted = toJsonSchemaDefs({ ...SHARED_SCHEMAS, [name]: schema }, {
    target: "draft-2020-12",
    typeMode: "output",
  })[name];
  // The client fills in what has a default where a daemon has none.
  const options = { textOf: (path: string) => texts.of(path), areDefaultsFilledIn: true };
  return describeFields(converted ?? {}, name, options);
}
