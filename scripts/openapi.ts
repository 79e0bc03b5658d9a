import type { JsonSchema } from "@valibot/to-json-schema";
import { MAX_BODY_BYTES } from "../src/api/app.ts";
import type { ResponseSpec } from "../src/api/operation.ts";
import type { Route } from "../src/api/route.ts";
import { createRoutes, type RouteDependencies } from "../src/api/routes.ts";
import { problemSchema } from "../src/protocol/problem.ts";
import { PROBLEM, problemContent, ProblemResponses, problemsOf } from "./openapi_problems.ts";
import { Components } from "./openapi_schemas.ts";
import { API_TEXT, PATH_TEXTS } from "./openapi_texts.ts";

/** Of the API, not of the product: /v1. */
const VERSION = "1";

const SOCKET =
  "The daemon's Unix domain socket: /run/metricshub/apikey.sock, or what --socket says";

/** Every route there is. None of them is called, so they need nothing. */
export function allRoutes(): Route[] {
  return createRoutes({ server: {} } as RouteDependencies);
}

/**
 * The description of routes, OpenAPI 3.1.
 *
 * @throws Error for a route that cannot be described
 */
export function describeApi(routes: readonly Route[]): Record<string, unknown> {
  const components = new Components();
  const problems = new ProblemResponses();
  components.refer(problemSchema, "response");
  const paths = describePaths(routes, components, problems);
  const { Problem, ...schemas } = components.all();
  const codes = [...new Set(routes.flatMap(problemsOf))].sort();
  return {
    openapi: "3.1.1",
    info: {
      title: "metricshub-apikey",
      version: VERSION,
      summary: "API keys of a MetricsHub web server",
      description: API_TEXT,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: SOCKET }],
    security: [],
    paths,
    components: {
      schemas: { ...schemas, Problem: withCodes(Problem ?? {}, codes) },
      responses: { ...problems.all(), Otherwise: OTHERWISE },
      securitySchemes: { presentedKey: presentedKey(routes) },
    },
  };
}

const OTHERWISE = {
  description: "What never becomes a request, see above",
  content: problemContent(PROBLEM),
};

/** In the order of the table: all that a path has, method by method. */
function describePaths(
  routes: readonly Route[],
  components: Components,
  problems: ProblemResponses,
): Record<string, unknown> {
  const byPath = Map.groupBy(routes, ({ path }) => path.replace(/:(\w+)/g, "{$1}"));
  return Object.fromEntries([...byPath].map(([path, those]) => [
    path,
    Object.fromEntries(those.map((route) => [
      route.method.toLowerCase(),
      describeOperation(route, components, problems),
    ])),
  ]));
}

function describeOperation(route: Route, components: Components, problems: ProblemResponses) {
  const { operationId, summary, access, body, maxBodyBytes = MAX_BODY_BYTES } = route;
  const parameters = describeParameters(route, components);
  const content = body && { "application/json": { schema: components.refer(body, "request") } };
  return {
    operationId,
    summary,
    "x-apikey-access": access,
    "x-apikey-max-body-bytes": maxBodyBytes,
    // Not the caller's, but what is to be checked.
    ...(route.authorization === undefined ? {} : { security: [{ presentedKey: [] }, {}] }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(content === undefined ? {} : { requestBody: { required: true, content } }),
    responses: describeResponses(route, components, problems),
  };
}

function describeParameters({ path, query, headers = {} }: Route, components: Components) {
  const text = { type: "string", minLength: 1 };
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => {
    return { name, in: "path", required: true, description: PATH_TEXTS[name], schema: text };
  });
  const fields = query === undefined ? [] : components.fields(query);
  const inQuery = fields.map(([name, { description, ...schema }]) => {
    return { name, in: "query", required: false, description, schema };
  });
  const inHeaders = Object.entries(headers).map(([name, description]) => {
    return { name, in: "header", required: false, description, schema: { type: "string" } };
  });
  return [...inPath, ...inQuery, ...inHeaders];
}

function describeResponses(route: Route, components: Components, problems: ProblemResponses) {
  const declared = Object.entries(route.responses).map(([status, response]) => {
    return [Number(status), describeResponse(response, components)] as const;
  });
  const refused = problems.refer(problemsOf(route));
  for (const [status] of declared) {
    if (refused.some(([other]) => other === status)) {
      throw new Error(`${route.operationId} answers ${status} with a problem document or without`);
    }
  }
  return {
    ...Object.fromEntries([...declared, ...refused]),
    default: { $ref: "#/components/responses/Otherwise" },
  };
}

function describeResponse(response: ResponseSpec, components: Components) {
  const { description, headers } = response;
  const content = describeContent(response, components);
  const described = Object.entries(headers ?? {}).map(([name, text]) => {
    return [name, { description: text, schema: { type: "string" } }] as const;
  });
  return {
    description,
    ...(described.length === 0 ? {} : { headers: Object.fromEntries(described) }),
    ...(content === undefined ? {} : { content }),
  };
}

function describeContent(
  { schema, mediaType, events }: ResponseSpec,
  components: Components,
): Record<string, unknown> | undefined {
  if (schema !== undefined) {
    return { "application/json": { schema: components.refer(schema, "response") } };
  }
  if (mediaType === undefined) return undefined;
  const text = { type: "string" };
  if (events === undefined) return { [mediaType]: { schema: text } };
  // OpenAPI 3.1 has no words for the parts of a stream; JSON Schema has some for what a text holds.
  const data = {
    contentMediaType: "application/json",
    contentSchema: components.refer(events.data, "response"),
  };
  const event = {
    type: "object",
    required: ["id", "event", "data"],
    properties: { id: text, event: { enum: events.types }, data: { ...text, ...data } },
  };
  const contentSchema = { type: "array", items: event };
  return { [mediaType]: { schema: { ...text, contentMediaType: mediaType, contentSchema } } };
}

/** Which codes there are is not the protocol's to say: a client has to take those of a later version. */
function withCodes(problem: JsonSchema, codes: readonly string[]): JsonSchema {
  const { code, ...others } = problem.properties as Record<string, JsonSchema>;
  return { ...problem, properties: { ...others, code: { ...code, enum: [...codes] } } };
}

/** An Authorization header cannot be described but as what it mostly is. */
function presentedKey(routes: readonly Route[]) {
  const description = routes.map(({ authorization }) => authorization).find(Boolean);
  return { type: "http", scheme: "bearer", description };
}
