import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { JsonSchema } from "json-schema-faker";
import type { Answer } from "./http.ts";

export type JsonSchemaObject = Exclude<JsonSchema, boolean>;

/** An operation of an OpenAPI description, as far as requests are made of it and answers judged. */
export interface ApiOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly access: string;
  readonly maxBodyBytes: number;
  readonly parameters: readonly ApiParameter[];
  /** Of the body. */
  readonly schema: JsonSchemaObject | undefined;
  readonly presentsKey: boolean;
  /** Statuses of what is no problem. */
  readonly successes: readonly number[];
  /** Whether a body is one that the description lets through. */
  readonly accepts: (body: unknown) => boolean;
  /** What is wrong with an answer; an empty list for nothing. */
  readonly judge: (answer: Answer) => string[];
}

export interface ApiParameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly schema: JsonSchemaObject;
}

/** What is read here of a description; a schema may be anything. */
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly responses: Readonly<Record<string, Response>> };
}

interface Operation {
  readonly operationId: string;
  readonly "x-apikey-access": string;
  readonly "x-apikey-max-body-bytes": number;
  readonly security?: unknown;
  readonly parameters?: readonly ApiParameter[];
  readonly requestBody?: { readonly content: { readonly "application/json": Content } };
  readonly responses: Readonly<Record<string, Response | { readonly $ref: string }>>;
}

interface Content {
  readonly schema: JsonSchemaObject;
}

interface Response {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, Content>>;
}

const PROBLEM = "application/problem+json";

export function readDescription(document: Description): ApiOperation[] {
  const [requests, answers] = [schemasOf(document), schemasOf(closed(document) as object)];
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => {
      const at = ["paths", path, method];
      const schema = operation.requestBody?.content["application/json"].schema;
      const body = [...at, "requestBody", "content", "application/json", "schema"];
      const accepts = schema && requests(body);
      return {
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        access: operation["x-apikey-access"],
        maxBodyBytes: operation["x-apikey-max-body-bytes"],
        parameters: operation.parameters ?? [],
        schema: schema && { ...schema, components: document.components },
        presentsKey: operation.security !== undefined,
        successes: Object.keys(operation.responses).map(Number).filter((status) => {
          return !("$ref" in (operation.responses[status] ?? { $ref: "" }));
        }),
        accepts: (value) => accepts?.(value) ?? false,
        judge: (answer) => judge(document, answers, { at, operation, answer }),
      };
    })
  );
}

type Schemas = (pointer: readonly string[]) => ValidateFunction;

function judge(
  { components }: Description,
  schemas: Schemas,
  { at, operation, answer }: {
    readonly at: readonly string[];
    readonly operation: Operation;
    readonly answer: Answer;
  },
): string[] {
  const declared = operation.responses[answer.status];
  // `default` is for what is no request.
  if (declared === undefined) return [`status ${answer.status} is not described: ${answer.body}`];
  const [, name] = "$ref" in declared
    ? /^#\/components\/responses\/(\w+)$/.exec(declared.$ref) ?? []
    : [];
  const response = name === undefined ? declared as Response : components.responses[name];
  const where = name === undefined
    ? [...at, "responses", String(answer.status)]
    : ["components", "responses", name];
  const missing = Object.keys(response?.headers ?? {}).filter((header) => {
    return answer.headers[header.toLowerCase()] === undefined;
  });
  return [
    ...missing.map((header) => `no header ${header}`),
    ...judgeContent(
      response?.content,
      answer,
      (type, ...inside) => schemas([...where, "content", type, "schema", ...inside]),
    ),
  ];
}

function judgeContent(
  content: Response["content"],
  { status, headers, body }: Answer,
  schemaOf: (mediaType: string, ...inside: string[]) => ValidateFunction,
): string[] {
  const [mediaType] = headers["content-type"]?.split(";") ?? [];
  if (content === undefined || mediaType === undefined) {
    const isNothing = content === undefined && mediaType === undefined && body === "";
    return isNothing ? [] : [`content: ${body}`];
  }
  if (!Object.hasOwn(content, mediaType)) return [`${mediaType} is not described`];
  if (status >= 400 && status !== 503 && mediaType !== PROBLEM) return [`${status} is no problem`];
  if (mediaType.endsWith("json")) return faults(schemaOf(mediaType), JSON.parse(body));
  if (mediaType !== "text/event-stream") return faults(schemaOf(mediaType), body);
  const events = eventsOf(body);
  const dataSchema = ["contentSchema", "items", "properties", "data", "contentSchema"];
  return [
    ...faults(schemaOf(mediaType, "contentSchema"), events),
    ...events.flatMap(({ data = "" }) =>
      faults(schemaOf(mediaType, ...dataSchema), JSON.parse(data))
    ),
  ];
}

/** Those that are there as a whole, field by field. */
function eventsOf(stream: string): Record<string, string>[] {
  return stream.split("\n\n").slice(0, -1).filter((text) => !text.startsWith(":")).map((text) => {
    return Object.fromEntries(text.split("\n").map((line) => line.split(/: (.*)/, 2)));
  });
}

function faults(validate: ValidateFunction, value: unknown): string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    `${instancePath} ${message} ${JSON.stringify(params)}`
  );
}

function schemasOf(document: object): Schemas {
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allErrors: true,
  });
  formats.default(ajv);
  ajv.addVocabulary(Object.keys(document));
  ajv.addSchema({ $id: "api:", ...document });
  return (pointer) => {
    const tokens = pointer.map((token) => token.replaceAll("~", "~0").replaceAll("/", "~1"));
    const path = tokens.map((token) => `/${encodeURIComponent(token)}`).join("");
    const validate = ajv.getSchema(`api:#${path}`);
    if (validate === undefined) throw new Error(`no schema at ${path}`);
    return validate;
  };
}

/** Without the fields that a later version may add: an undocumented field is wrong here. */
function closed(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(closed);
  if (typeof part !== "object" || part === null) return part;
  const parts = Object.entries(part).map(([name, inner]) => {
    // These are of one object, and none of them says all of it.
    return [name, name === "allOf" ? inner : closed(inner)];
  });
  const isObject = "type" in part && part.type === "object" && !("additionalProperties" in part);
  return { ...Object.fromEntries(parts), ...(isObject ? { additionalProperties: false } : {}) };
}
