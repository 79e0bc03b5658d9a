import { HEALTH_PATH, healthSchema } from "../protocol/health.ts";
import type { HealthState } from "../service/health.ts";
import { type Route, route } from "./route.ts";

/** For probes: anyone may know whether it works, and nothing else. */
export function healthRoutes(health: () => Promise<HealthState>): Route[] {
  return [route({
    method: "GET",
    path: HEALTH_PATH,
    access: "anyone",
    act: "health",
    recorded: "refusals",
    operationId: "getHealth",
    summary: "Tell whether keys can be checked",
    responses: {
      200: { description: "`ok` or `degraded`", schema: healthSchema },
      503: { description: "`unavailable`", schema: healthSchema },
    },
    problems: [],
    async respond() {
      const body = { status: await health() };
      return { status: body.status === "unavailable" ? 503 : 200, body };
    },
  })];
}
