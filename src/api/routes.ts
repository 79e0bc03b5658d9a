import type { Clock } from "../model/instant.ts";
import type { KeyService } from "../service/keys.ts";
import type { StatusService } from "../service/status.ts";
import { keyRoutes } from "./keys.ts";
import type { Route } from "./route.ts";
import { type Server, statusRoutes } from "./status.ts";

export interface RouteDependencies {
  readonly keys: KeyService;
  readonly status: StatusService;
  readonly server: Server;
  readonly clock: Clock;
}

/** Every route there is: what is served, what tests walk, what documentation lists. */
export function createRoutes({ keys, status, server, clock }: RouteDependencies): Route[] {
  return [...keyRoutes(keys, clock), ...statusRoutes(status, server)];
}
