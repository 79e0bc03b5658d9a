import type { Clock } from "../model/instant.ts";
import type { ChangeFeed } from "../service/change_feed.ts";
import type { HealthState } from "../service/health.ts";
import type { ImportService } from "../service/import.ts";
import type { KeyService } from "../service/keys.ts";
import type { KeystoreService } from "../service/keystore.ts";
import type { MetricSource } from "../service/metrics.ts";
import type { ScanService } from "../service/scan.ts";
import type { StatusService } from "../service/status.ts";
import type { UsageService } from "../service/usage.ts";
import type { VerificationService } from "../service/verification.ts";
import type { Audit } from "../service/audit.ts";
import { auditRoutes } from "./audit.ts";
import { eventRoutes } from "./events.ts";
import { healthRoutes } from "./health.ts";
import { importRoutes } from "./import.ts";
import { keyRoutes } from "./keys.ts";
import { keystoreRoutes } from "./keystore.ts";
import { metricsRoutes } from "./metrics.ts";
import { openApiRoutes } from "./openapi.ts";
import type { Route } from "./route.ts";
import { scanRoutes } from "./scan.ts";
import { type Server, statusRoutes } from "./status.ts";
import { verificationRoutes } from "./verification.ts";

export interface RouteDependencies {
  readonly keys: KeyService;
  readonly usage: UsageService;
  readonly imports: ImportService;
  readonly keystore: KeystoreService;
  readonly status: StatusService;
  readonly verification: VerificationService;
  readonly feed: ChangeFeed;
  readonly scan: ScanService;
  readonly health: () => Promise<HealthState>;
  readonly metrics: readonly MetricSource[];
  readonly audit: Audit;
  readonly server: Server;
  readonly clock: Clock;
}

/** Every route there is: what is served, what tests walk, what documentation lists. */
export function createRoutes(dependencies: RouteDependencies): Route[] {
  const { keys, usage, keystore, status, server, clock, verification, feed, scan } = dependencies;
  return [
    ...keyRoutes(keys, usage, clock),
    ...importRoutes(dependencies.imports),
    ...keystoreRoutes(keystore),
    ...statusRoutes(status, dependencies.audit, server),
    ...verificationRoutes(verification, dependencies.audit),
    ...auditRoutes(dependencies.audit),
    ...scanRoutes(scan),
    ...eventRoutes(feed),
    ...healthRoutes(dependencies.health),
    ...metricsRoutes(dependencies.metrics),
    ...openApiRoutes(),
  ];
}
