import type { JsonSchema } from "@valibot/to-json-schema";

/** Texts for fields, by their path (`list.keys`) or by their name alone; remembers which were used. */
export class FieldTexts {
  readonly #texts: Readonly<Record<string, string>>;
  readonly #used = new Set<string>();

  constructor(texts: Readonly<Record<string, string>>) {
    this.#texts = texts;
  }

  of(path: string): string | undefined {
    const name = path.slice(path.lastIndexOf(".") + 1);
    const known = [path, name].find((key) => Object.hasOwn(this.#texts, key));
    if (known === undefined) return undefined;
    this.#used.add(known);
    return this.#texts[known];
  }

  /** @throws Error for the text of a field that is not there */
  assertAllUsed(where: string): void {
    const surplus = Object.keys(this.#texts).filter((key) => !this.#used.has(key));
    if (surplus.length > 0) throw new Error(`no such field in ${where}: ${surplus.join(", ")}`);
  }
}

export interface FieldOptions {
  /** By its path; undefined for a field that needs no text. */
  readonly textOf: (path: string) => string | undefined;
  /** Whether a field with a default is always there, as in what has been parsed. */
  readonly areDefaultsFilledIn: boolean;
}

/** The same schema with a description of its fields. */
export function describeFields(
  schema: JsonSchema,
  path: string,
  options: FieldOptions,
): JsonSchema {
  const { properties, items, anyOf, ...rest } = schema;
  const described: JsonSchema = { ...rest };
  const part = (inner: unknown) => describeFields(inner as JsonSchema, path, options);
  if (anyOf !== undefined) described.anyOf = anyOf.map(part);
  if (items !== undefined) described.items = part(items);
  if (properties === undefined) return described;
  const fields = Object.entries(properties as Record<string, JsonSchema>);
  if (options.areDefaultsFilledIn) described.required = alwaysThere(fields, rest.required);
  described.properties = Object.fromEntries(
    fields.map(([name, field]) => [name, describeField(field, `${path}.${name}`, options)]),
  );
  return described;
}

function describeField(field: JsonSchema, path: string, options: FieldOptions): JsonSchema {
  const { default: value, ...rest } = field;
  const keepsDefault = value !== undefined && !options.areDefaultsFilledIn;
  const description = options.textOf(path);
  return {
    ...(description === undefined ? {} : { description }),
    ...describeFields(rest, path, options),
    ...(keepsDefault ? { default: value } : {}),
  };
}

function alwaysThere(
  fields: readonly (readonly [string, JsonSchema])[],
  required: readonly string[] | undefined,
): string[] {
  return fields.filter(([name, field]) => required?.includes(name) || "default" in field)
    .map(([name]) => name);
}
