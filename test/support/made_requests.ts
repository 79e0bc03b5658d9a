import { generateSync } from "json-schema-faker";
import type { ApiOperation, JsonSchemaObject } from "./api_description.ts";
import { jsonRequest, type Request } from "./http.ts";

/** What no description can know: what there is. */
export interface Known {
  readonly alias: string;
  readonly key: string;
  readonly pkcs12: string;
}

/** A request that is as described; another one for each seed. */
export function validRequest(operation: ApiOperation, known: Known, seed: number): Request {
  const { method, schema } = operation;
  const path = pathOf(operation, known, seed);
  const headers = headersOf(operation, known, seed);
  if (schema === undefined) return { method, path, headers };
  const request = jsonRequest(method, path, validBody(operation, known, seed));
  return { ...request, headers: { ...request.headers, ...headers } };
}

/** Every other one with what there is in place of what looks like it. */
export function validBody({ id, schema, accepts }: ApiOperation, known: Known, seed: number) {
  const { alias: _anyIsWelcome, ...others } = known;
  for (let attempt = 0; attempt < 100; attempt++) {
    const made = make(schema ?? {}, seed + 1_000 * attempt) as Record<string, unknown>;
    const there = Object.entries(others).filter(([name]) => seed % 2 === 0 && name in made);
    const body = { ...withoutDuplicates(made), ...Object.fromEntries(there) };
    if (accepts(body)) return body;
  }
  throw new Error(`nothing that ${id} accepts has been found`);
}

/** JSON Schema cannot say that no two items have the same alias. */
function withoutDuplicates(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { keys } = body;
  if (!Array.isArray(keys)) return body;
  const distinct = keys.map((key, index) => {
    return typeof key === "object" ? { ...key, alias: `${key.alias} ${index}` } : key;
  });
  return { ...body, keys: distinct };
}

/** At each bound of each field, and still as described. */
export function bodiesAtBounds(
  { schema = {}, accepts }: ApiOperation,
  valid: readonly Record<string, unknown>[],
): Record<string, unknown>[] {
  return fieldsOf(schema).flatMap(([name, field]) =>
    valuesAtBounds(field).flatMap((value) => {
      return valid.map((body) => ({ ...body, [name]: value })).filter(accepts).slice(0, 1);
    })
  );
}

function valuesAtBounds(field: JsonSchemaObject): unknown[] {
  const { minimum, maximum, maxLength, maxItems, items } = field;
  const { type, examples = ["x"] } = (items ?? {}) as JsonSchemaObject;
  return [
    ...(minimum === undefined ? [] : [minimum]),
    ...(maximum === undefined ? [] : [maximum]),
    ...(maxLength === undefined ? [] : ["x".repeat(maxLength)]),
    ...(maxItems === undefined || type !== "string" ? [] : [
      [],
      Array(maxItems).fill((examples as unknown[])[0]),
    ]),
  ];
}

/** Whatever the description does not let through, with a word on what is wrong. */
export function invalidBodies(
  { schema = {}, accepts }: ApiOperation,
  valid: readonly Record<string, unknown>[],
): [what: string, body: unknown][] {
  const [first = {}] = valid;
  const bodies: [string, unknown][] = [null, [], [first], "x", 7, true].map((body) => {
    return [JSON.stringify(body), body];
  });
  bodies.push(["a field more", { ...first, surplus: 1 }], ["inherited", { ...first, toString: 1 }]);
  for (const other of valid) bodies.push(["two in one", { ...first, ...other }]);
  for (const [name, field] of fieldsOf(schema)) {
    const { [name]: _without, ...rest } = first;
    bodies.push([`no ${name}`, rest]);
    for (const odd of oddValues(field)) {
      bodies.push([`${name}: ${JSON.stringify(odd)?.slice(0, 40)}`, { ...first, [name]: odd }]);
    }
  }
  return bodies.filter(([, body]) => !accepts(body));
}

/** What no query may be, with what there is in it. */
export function invalidQueries({ parameters }: ApiOperation): string[] {
  const inQuery = parameters.filter((parameter) => parameter.in === "query");
  const odd = inQuery.flatMap(({ name, schema }) => {
    const { pattern, maxLength = 0 } = schema;
    const values = pattern === undefined ? [] : oddValues(schema).map(String);
    const wrong = values.filter((value) => {
      return [...value].length > maxLength || !new RegExp(pattern ?? "", "u").test(value);
    });
    return wrong.map((value) => `${new URLSearchParams({ [name]: value })}`);
  });
  if (inQuery.length === 0) return [];
  return [...odd, "surplus=1", "toString=", ...inQuery.map(({ name }) => `${name}=a&${name}=a`)];
}

/** Of every type, and beyond each bound. */
function oddValues({ minimum, maximum, maxLength, maxItems }: JsonSchemaObject): unknown[] {
  return [
    ...[null, true, 7, 1.5, 1e300, "", " ", "x\u0007", "\u202ex", ".", [], [null], ["", 1], {}],
    ...(minimum === undefined ? [] : [minimum - 1]),
    ...(maximum === undefined ? [] : [maximum + 1]),
    ...(maxLength === undefined ? [] : ["x".repeat(maxLength + 1)]),
    ...(maxItems === undefined ? [] : [Array(maxItems + 1).fill("x")]),
  ];
}

/** Of one that may also be null, what it is otherwise. */
function fieldsOf(schema: JsonSchemaObject): [name: string, field: JsonSchemaObject][] {
  const { properties = {} } = resolve(schema);
  return Object.entries(properties).map(([name, field]) => {
    const { anyOf: [first] = [], ...rest } = field as JsonSchemaObject;
    return [name, { ...rest, ...(first as JsonSchemaObject | undefined) }];
  });
}

function pathOf({ path, parameters }: ApiOperation, known: Known, seed: number): string {
  const alias = seed % 2 === 0 ? known.alias : `nobody ${seed}`;
  const target = path.replace("{alias}", encodeURIComponent(alias));
  const query = valuesOf(parameters.filter((parameter) => parameter.in === "query"), seed);
  return query === undefined ? target : `${target}?${new URLSearchParams(query)}`;
}

function headersOf({ parameters, presentsKey }: ApiOperation, known: Known, seed: number) {
  return {
    ...valuesOf(parameters.filter((parameter) => parameter.in === "header"), seed),
    ...(presentsKey && seed % 2 === 0 ? { Authorization: `Bearer ${known.key}` } : {}),
  };
}

function valuesOf(parameters: ApiOperation["parameters"], seed: number) {
  if (parameters.length === 0) return undefined;
  const properties = Object.fromEntries(parameters.map(({ name, schema }) => [name, schema]));
  return make({ type: "object", properties }, seed) as Record<string, string>;
}

function make(schema: JsonSchemaObject, seed: number): unknown {
  return generateSync(resolve(schema), {
    seed,
    useExamplesValue: true,
    optionalsProbability: 0.4,
    maxItems: 3,
    maxLength: 30,
  });
}

/** The generator cannot leave a field out that is never valid beside another: that is tried. */
function resolve(schema: JsonSchemaObject): JsonSchemaObject {
  const { $ref, components, ...rest } = schema;
  const schemas = (components as { schemas?: Record<string, JsonSchemaObject> })?.schemas;
  const named = schemas?.[$ref?.split("/").at(-1) ?? ""] ?? rest;
  const { dependentSchemas: _tried, ...tame } = named;
  return { ...tame, components };
}
