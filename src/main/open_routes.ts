import { hostname } from "node:os";
import process from "node:process";
import packageJson from "../../package.json" with { type: "json" };
import { createRoutes } from "../api/routes.ts";
import type { Server } from "../api/status.ts";
import { Keystore } from "../keystore/keystore.ts";
import { KeystoreFile } from "../keystore/keystore_file.ts";
import { storePasswords } from "../keystore/store_passwords.ts";
import { UsageFile } from "../keystore/usage_file.ts";
import type { WriterLock } from "../keystore/writer_lock.ts";
import { systemClock } from "../model/instant.ts";
import { portablePkcs12Kdf } from "../pkcs12/key_derivation.ts";
import { ChangeFeed } from "../service/change_feed.ts";
import { healthOf } from "../service/health.ts";
import { ImportService } from "../service/import.ts";
import { KeyService } from "../service/keys.ts";
import { KeystoreService } from "../service/keystore.ts";
import { keystoreMetrics, type MetricSource, verificationMetrics } from "../service/metrics.ts";
import { ScanService } from "../service/scan.ts";
import { StatusService } from "../service/status.ts";
import { UsageService } from "../service/usage.ts";
import { VerificationService } from "../service/verification.ts";
import type { Platform } from "../platform/platform.ts";
import type { Host } from "./host.ts";
import { identityOn, type KeystoreLocation } from "./keystore_location.ts";
import { isAudited, openAudit } from "./open_audit.ts";

export interface RouteOptions {
  readonly lock: WriterLock;
  readonly role: "daemon" | "command";
  readonly socket?: string;
  /** Whom a daemon has on the line. */
  readonly connections?: Server["connections"];
  /** What there is to measure around the routes. */
  readonly metrics?: readonly MetricSource[];
}

/** All routes on one keystore, and what lives behind them. */
export function openRoutes(
  host: Host,
  location: KeystoreLocation,
  { lock, role, socket, connections, metrics = [] }: RouteOptions,
) {
  const { platform, complain, log } = host;
  const keystore = openKeystore({ platform, lock }, location);
  const audit = openAudit(host, location, { keystore, lock, role });
  const clock = systemClock;
  const verification = new VerificationService({ keystore, clock });
  const feed = new ChangeFeed({ keystore, clock, log });
  const server = { role, socket, version: packageJson.version, pid: process.pid, connections };
  const keys = new KeyService({ keystore, clock });
  const file = new UsageFile({ keystorePath: location.path, ...identityOn(platform) });
  const usage = new UsageService({
    keystore,
    file,
    complain: (error) => role === "daemon" && complain(error),
  });
  const routes = createRoutes({
    keys,
    usage,
    imports: new ImportService({ keystore, pkcs12Kdf: kdfOf(platform), clock }),
    keystore: new KeystoreService(keystore, socket),
    status: new StatusService(keystore, clock, socket),
    verification,
    feed,
    scan: new ScanService(keystore),
    health: () => healthOf(keystore),
    metrics: [...keystoreMetrics(keystore), ...verificationMetrics(verification, feed), ...metrics],
    audit,
    server: { ...server, startedAt: systemClock() },
    clock,
  });
  return { routes, audit, keystore, keys, usage, verification, feed };
}

function openKeystore(
  { platform, lock }: Pick<Host, "platform"> & Pick<RouteOptions, "lock">,
  location: KeystoreLocation,
): Keystore {
  const { path, passwordFile, generations } = location;
  const identity = identityOn(platform);
  return new Keystore({
    file: new KeystoreFile({ path, ...identity, generations }),
    lock,
    auditHost: isAudited(location) ? hostname() : undefined,
    pkcs12Kdf: kdfOf(platform),
    passwords: storePasswords({
      keystorePath: path,
      passwordFile,
      credentialsFolder: process.env["CREDENTIALS_DIRECTORY"],
      ...identity,
    }),
  });
}

function kdfOf(platform: Platform) {
  return platform.pkcs12Kdf ?? portablePkcs12Kdf;
}
