import { type JsonSchema, toJsonSchemaDefs } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import type { CommandSpec } from "../src/cli/command.ts";
import { FIELD_DESCRIPTIONS } from "../src/cli/output_fields.ts";
import { errorOutputSchema, OUTPUT_SCHEMAS, SHARED_SCHEMAS } from "../src/cli/output_schemas.ts";

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
  const describe = new Descriptions();
  const definitions: Record<string, JsonSchema> = {
    error: define("error", errorOutputSchema, describe),
  };
  for (const [name, schema] of Object.entries(SHARED_SCHEMAS)) {
    definitions[name] = define(name, schema, describe);
  }
  for (const { name, schema } of withSchemas(commands)) {
    const title = `apikey ${name} --json`;
    const definition = definitionName(name);
    definitions[definition] = { title, ...define(definition, schema, describe) };
  }
  describe.assertAllUsed();
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

function define(name: string, schema: GenericSchema, describe: Descriptions): JsonSchema {
  const shared = Object.entries(SHARED_SCHEMAS).find(([, known]) => known === schema)?.[0];
  if (shared !== undefined && shared !== name) return { $ref: `#/$defs/${shared}` };
  const converted = toJsonSchemaDefs({ ...SHARED_SCHEMAS, [name]: schema }, {
    target: "draft-2020-12",
    typeMode: "output",
  })[name];
  return refine(converted ?? {}, name, describe);
}

/** Describes fields, and calls those always there that the client fills in where a daemon has none. */
function refine(schema: JsonSchema, path: string, describe: Descriptions): JsonSchema {
  const { properties, items, anyOf, ...rest } = schema;
  const refined: JsonSchema = { ...rest };
  const part = (inner: JsonSchema) => refine(inner, path, describe);
  if (anyOf !== undefined) refined.anyOf = anyOf.map((inner) => part(inner as JsonSchema));
  if (items !== undefined) refined.items = part(items as JsonSchema);
  if (properties === undefined) return refined;
  const fields = Object.entries(properties as Record<string, JsonSchema>);
  const isRequired = ([name, field]: readonly [string, JsonSchema]) =>
    rest.required?.includes(name) || "default" in field;
  refined.required = fields.filter(isRequired).map(([name]) => name);
  refined.properties = Object.fromEntries(
    fields.map(([name, { default: _filledIn, ...field }]) => {
      const inner = `${path}.${name}`;
      return [name, { ...describe.field(inner), ...refine(field, inner, describe) }];
    }),
  );
  return refined;
}

/** Of fields, by their path or by their name; remembers which ones there were. */
class Descriptions {
  readonly #used = new Set<string>();

  field(path: string): { readonly description?: string } {
    const name = path.slice(path.lastIndexOf(".") + 1);
    const known = [path, name].find((key) => Object.hasOwn(FIELD_DESCRIPTIONS, key));
    if (known === undefined) return {};
    this.#used.add(known);
    return { description: FIELD_DESCRIPTIONS[known] ?? "" };
  }

  /** @throws Error for a description of a field that is not there */
  assertAllUsed(): void {
    const surplus = Object.keys(FIELD_DESCRIPTIONS).filter((key) => !this.#used.has(key));
    if (surplus.length > 0) throw new Error(`no such field in output: ${surplus.join(", ")}`);
  }
}
