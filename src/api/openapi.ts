import { OPENAPI_PATH, openApiSchema } from "../protocol/openapi.ts";
import { type Route, route } from "./route.ts";

/** What the routes declare, for programs: made of them by `npm run docs`. */
export function openApiRoutes(): Route[] {
  return [route({
    method: "GET",
    path: OPENAPI_PATH,
    access: "verifier",
    act: "openapi",
    recorded: "refusals",
    operationId: "getDescription",
    summary: "Describe this API",
    responses: { 200: { description: "OpenAPI 3.1", schema: openApiSchema } },
    problems: [],
    async respond() {
      const { default: body } = await import("./openapi.json", { with: { type: "json" } });
      return { status: 200, body };
    },
  })];
}
