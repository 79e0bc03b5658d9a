import { test } from "uvu";
import * as assert from "uvu/assert";
import * as v from "valibot";
import { allRoutes, describeApi } from "../../scripts/openapi.ts";
import { problemsOf } from "../../scripts/openapi_problems.ts";
import type { Route } from "../../src/api/route.ts";
import { ERRORS } from "../../src/errors.ts";
import { eventDataSchema } from "../../src/protocol/events.ts";
import { restoreSchema } from "../../src/protocol/keystore.ts";

/** All routes, with a change to one of them. */
function routesWith(operationId: string, change: Partial<Route>): Route[] {
  const routes = allRoutes();
  assert.ok(routes.some((route) => route.operationId === operationId));
  return routes.map((route) => route.operationId === operationId ? { ...route, ...change } : route);
}

interface Fault {
  readonly what: string;
  readonly of: string;
  readonly change: Partial<Route>;
  readonly told: RegExp;
}

const FAULTS: readonly Fault[] = [
  {
    what: "a request with room for other fields",
    of: "verifyKey",
    change: { body: eventDataSchema },
    told: /EventData.*strictObject/,
  },
  {
    what: "a schema without a name",
    of: "verifyKey",
    change: { body: v.strictObject({}) },
    told: /export/,
  },
  {
    what: "a status that is an answer, and a problem, too",
    of: "getHealth",
    change: { problems: ["ERR_KEYSTORE_IO"] },
    told: /getHealth.*503/,
  },
  {
    what: "a code that nobody has explained",
    of: "getHealth",
    change: { problems: ["ERR_OUTPUT"] },
    told: /ERR_OUTPUT/,
  },
  {
    what: "a schema of requests and of answers",
    of: "getMetrics",
    change: { responses: { 200: { description: "", schema: restoreSchema } } },
    told: /Restore.*both/,
  },
];

for (const { what, of, change, told } of FAULTS) {
  test(`refuses to describe ${what}`, () => {
    assert.throws(() => describeApi(routesWith(of, change)), told);
  });
}

test("says of every operation who may call it, and that whoever else is refused", () => {
  const { paths } = describeApi(allRoutes()) as unknown as Described;
  for (const route of allRoutes()) {
    const codes = problemsOf(route);
    assert.is(codes.includes("ERR_FORBIDDEN"), route.access !== "anyone", route.operationId);
    assert.is(codes.includes("ERR_ORIGIN_FORBIDDEN"), route.access === "admin", route.operationId);
    const path = paths[route.path.replace(/:(\w+)/g, "{$1}")];
    const operation = path?.[route.method.toLowerCase()];
    assert.is(operation?.["x-apikey-access"], route.access);
    const statuses = Object.keys(operation?.responses ?? {}).map(Number);
    for (const code of codes) assert.ok(statuses.includes(ERRORS[code].httpStatus), code);
  }
});

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly "x-apikey-access": string;
  readonly responses: Readonly<Record<string, unknown>>;
}

test.run();
