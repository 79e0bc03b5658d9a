import * as v from "valibot";
import { AppError } from "../errors.ts";

/**
 * The body of a request as a schema describes it; a strict schema refuses unknown fields.
 *
 * @throws AppError ERR_INVALID_REQUEST, or what a parser of the model throws
 */
export function parseBody<Schema extends v.GenericSchema>(
  schema: Schema,
  body: unknown,
): v.InferOutput<Schema> {
  // Valibot takes an array for an object, and one without mandatory fields would do.
  if (Array.isArray(body)) throw invalid("the body: expected Object");
  return parse(schema, body, "field");
}

/**
 * The same of what follows a URL's `?`, where nothing may be overlooked and nothing is said twice.
 *
 * @throws AppError ERR_INVALID_REQUEST
 */
export function parseQuery<Schema extends v.GenericSchema>(
  schema: Schema,
  query: string,
): v.InferOutput<Schema> {
  if (query === "") return NO_PARAMETERS as v.InferOutput<Schema>;
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (parameters.getAll(name).length > 1) {
      throw invalid("a parameter of the query is given more than once");
    }
  }
  return parse(schema, Object.fromEntries(parameters), "parameter");
}

/** Most have none, and are asked for thousands of times a second. */
const NO_PARAMETERS = {};

function parse<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  part: "field" | "parameter",
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true, message: expectation });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue);
  if (issue.type === "strict_object" && issue.expected === "never") {
    throw invalid(`unknown ${part} '${field}'`);
  }
  throw invalid(`${field ?? "the body"}: ${issue.message}`);
}

/** Valibot's own text quotes what was received, which may be a secret in the wrong place. */
function expectation({ expected }: v.BaseIssue<unknown>): string {
  return `expected ${expected}`;
}

function invalid(text: string): AppError {
  return new AppError("ERR_INVALID_REQUEST", text);
}
