import { type Health, HEALTH_PATH } from "../protocol/health.ts";
import type { HealthState } from "../service/health.ts";
import type { Route } from "./route.ts";

/** For probes: anyone may know whether it works, and nothing else. */
export function healthRoutes(health: () => Promise<HealthState>): Route[] {
  return [{
    method: "GET",
    path: HEALTH_PATH,
    access: "anyone",
    act: "health",
    recorded: "refusals",
    async respond() {
      const body: Health = { status: await health() };
      return { status: body.status === "unavailable" ? 503 : 200, body };
    },
  }];
}
