import type { Clock } from "../model/instant.ts";
import type { KeyService } from "../service/keys.ts";
import type { KeystoreService } from "../service/keystore.ts";
import type { StatusService } from "../service/status.ts";
import { keyRoutes } from "./keys.ts";
import { keystoreRoutes } from "./keystore.ts";
import type { Route } from "./route.ts";
import { type Server, statusRoutes } from "./status.ts";

export interface RouteDependencies {
  readonly keys: KeyService;
  readonly keystore: KeystoreService;
  readonly status: StatusService;
  readonly server: Server;
  readonly clock: Clock;
}

/** Every route there is: what is served, what tests walk, what documentation lists. */
export function createRoutes(
  { keys, keystore, status, server, clock }: RouteDependencies,
): Route[] {
  return [...keyRoutes(keys, clock), ...keystoreRoutes(keystore), ...statusRoutes(status, server)];
}
