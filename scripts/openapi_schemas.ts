import { type JsonSchema, toJsonSchemaDefs } from "@valibot/to-json-schema";
import { globSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { GenericSchema } from "valibot";
import { FIELD_DESCRIPTIONS } from "../src/cli/output_fields.ts";
import { OUTPUT_SCHEMAS, SHARED_SCHEMAS } from "../src/cli/output_schemas.ts";
import { describeFields, FieldTexts } from "./described_fields.ts";
import { definitionName } from "./json_schema.ts";
import { REQUEST_TEXTS, RESPONSE_TEXTS } from "./openapi_texts.ts";
import { ROOT } from "./runtimes.ts";

/** Every schema of the protocol by its name: `newKeySchema` is `NewKey`. */
const SCHEMAS = await readSchemas();

/** What is said of a schema depends on who makes its values. */
type Side = "request" | "response";

const CONVERTED = { request: convertAll("input"), response: convertAll("output") } as const;

/** The schemas of a description, each once and under its own name. */
export class Components {
  readonly #requestTexts = new FieldTexts(REQUEST_TEXTS);
  readonly #responseTexts = new FieldTexts(RESPONSE_TEXTS);
  readonly #outputTexts = new FieldTexts(FIELD_DESCRIPTIONS);
  readonly #byName = new Map<string, { readonly side: Side; readonly schema: JsonSchema }>();

  /**
   * A reference to a schema, which is a component from here on, and so is what it refers to.
   *
   * @throws Error for one that the protocol does not export, for a field without a text, and for a
   *   request with room for other fields
   */
  refer(schema: GenericSchema, side: Side): { readonly $ref: string } {
    const name = schemaName(schema);
    this.#add(name, side);
    return { $ref: reference(name) };
  }

  /** The fields of a schema by themselves, as a query has them. */
  fields(schema: GenericSchema): [name: string, field: JsonSchema][] {
    const { properties } = this.#convert(schemaName(schema), "request");
    return Object.entries(properties as Record<string, JsonSchema>);
  }

  /** @throws Error for a text that no field has */
  all(): Record<string, JsonSchema> {
    this.#requestTexts.assertAllUsed("requests");
    this.#responseTexts.assertAllUsed("responses");
    const entries = [...this.#byName].map(([name, { schema }]) => [name, schema] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => a < b ? -1 : 1));
  }

  #add(name: string, side: Side): void {
    const known = this.#byName.get(name);
    if (known?.side === side) return;
    if (known !== undefined) throw new Error(`${name} is both of requests and of responses`);
    const schema = this.#convert(name, side);
    this.#byName.set(name, { side, schema });
    for (const [, inner = ""] of JSON.stringify(schema).matchAll(REFERENCE)) this.#add(inner, side);
  }

  #convert(name: string, side: Side): JsonSchema {
    const converted = CONVERTED[side][name] ?? {};
    if (side === "request" && converted.additionalProperties !== false) {
      throw new Error(`${name} takes fields that nobody knows: make it a v.strictObject`);
    }
    return describeFields(converted, name, {
      textOf: (path) => side === "request" ? this.#requestText(path) : this.#responseText(path),
      areDefaultsFilledIn: side === "response",
    });
  }

  #requestText(path: string): string {
    const text = this.#requestTexts.of(path);
    if (text === undefined) throw new Error(`say what ${path} is in scripts/openapi_texts.ts`);
    return text;
  }

  #responseText(path: string): string | undefined {
    const own = this.#responseTexts.of(path);
    if (own !== undefined) return own;
    const [name = "", ...rest] = path.split(".");
    return this.#outputTexts.of([outputName(name), ...rest].join("."));
  }
}

const REFERENCE = /"#\/components\/schemas\/(\w+)"/g;

function convertAll(typeMode: "input" | "output"): Record<string, JsonSchema> {
  return toJsonSchemaDefs(SCHEMAS, {
    target: "draft-2020-12",
    typeMode,
    // Beside each stands what it is in JSON Schema.
    ignoreActions: ["check", "raw_transform"],
    overrideRef: ({ referenceId }) => reference(referenceId),
  });
}

function reference(name: string): string {
  return `#/components/schemas/${name}`;
}

/** @throws Error for a schema that the protocol does not export */
export function schemaName(schema: GenericSchema): string {
  const known = Object.entries(SCHEMAS).find(([, other]) => other === schema);
  if (known === undefined) throw new Error("export every schema of a route from src/protocol");
  return known[0];
}

/** By which name the schema of output describes the same, where a command prints it. */
function outputName(name: string): string {
  const schema = SCHEMAS[name];
  const shared = Object.entries(SHARED_SCHEMAS).find(([, other]) => other === schema);
  const printed = Object.entries(OUTPUT_SCHEMAS).find(([, other]) => other === schema);
  if (shared !== undefined) return shared[0];
  if (printed !== undefined) return definitionName(printed[0]);
  // What `apikey status` prints has more than the API answers.
  return name.replace(/(?<!^)(?=[A-Z])/g, "-").toLowerCase();
}

async function readSchemas(): Promise<Record<string, GenericSchema>> {
  const schemas: Record<string, GenericSchema> = {};
  for (const path of globSync("src/protocol/*.ts", { cwd: ROOT }).sort()) {
    const module = await import(pathToFileURL(join(ROOT, path)).href);
    for (const [name, value] of Object.entries(module)) {
      if (!name.endsWith("Schema")) continue;
      const stem = name.slice(0, -"Schema".length);
      schemas[stem.charAt(0).toUpperCase() + stem.slice(1)] = value as GenericSchema;
    }
  }
  return schemas;
}
