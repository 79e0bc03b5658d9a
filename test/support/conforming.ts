import * as assert from "uvu/assert";
import * as v from "valibot";
import { problemsOf } from "../../scripts/openapi_problems.ts";
import type { Reply, ResponseSpec } from "../../src/api/operation.ts";
import type { Route } from "../../src/api/route.ts";
import { AppError } from "../../src/errors.ts";

/** The same routes, which fail where they answer what they do not declare. */
export function conforming(routes: readonly Route[]): Route[] {
  return routes.map((route) => ({
    ...route,
    async respond(call) {
      const reply = await route.respond(call).catch((error) => {
        assertDeclaredProblem(route, error);
        throw error;
      });
      assertConforms(route, reply);
      return reply;
    },
    ...(route.respondNow && {
      respondNow(call) {
        const reply = route.respondNow?.(call);
        if (reply !== undefined) assertConforms(route, reply);
        return reply;
      },
    }),
  }));
}

function assertDeclaredProblem(route: Route, error: unknown): void {
  if (!(error instanceof AppError)) return;
  const { operationId } = route;
  assert.ok(
    problemsOf(route).includes(error.code),
    `${operationId} does not declare ${error.code}`,
  );
}

function assertConforms({ operationId, responses }: Route, reply: Reply): void {
  const about = `${operationId} ${reply.status}`;
  const declared = Object.entries(responses).find(([status]) => Number(status) === reply.status);
  assert.ok(declared, `${about} is not declared`);
  const [, { schema, mediaType, headers = {} }] = declared as [string, ResponseSpec];
  // What is not in the schema would be missing from what it makes of the body.
  if (schema === undefined) assert.is(reply.body, undefined, about);
  else assert.equal(v.parse(schema, reply.body), reply.body, about);
  const [actual] = reply.text?.mediaType.split(";") ?? [];
  assert.is(actual, mediaType, about);
  for (const name of Object.keys(headers)) assert.ok(reply.headers?.[name], `${about}: ${name}`);
}
