import { writeSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import packageJson from "../package.json" with { type: "json" };
import { run } from "./cli/run.ts";
import type { DaemonSettings, TargetSettings } from "./cli/settings.ts";
import { ApiClient } from "./client/api_client.ts";
import { withFallback } from "./client/fallback.ts";
import type { Transport } from "./client/transport.ts";
import { AppError, systemErrorCode } from "./errors.ts";
import { keystoreAdminUids } from "./keystore/keystore_owner.ts";
import type { WriterLock, WriterLockOptions } from "./keystore/writer_lock.ts";
import { systemClock } from "./model/instant.ts";
import { defaultKeystore, defaultSocket } from "./platform/default_paths.ts";
import { pickPlatform } from "./platform/pick_platform.ts";
import type { Platform } from "./platform/platform.ts";

/*
 * The composition root: the one file that knows this process, picks its platform and joins the
 * layers. What a command may not need is imported where it turns out to be needed, because start-up
 * is most of a command's time.
 */
const LOCK_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 60_000;
const DEFECT_STATUS = 70;

async function main(): Promise<number> {
  const platform = await pickPlatform(process);
  platform.protectMemory();
  return await run(process.argv.slice(2), {
    version: packageJson.version,
    env: process.env,
    connect: (settings) => connect(platform, settings),
    serve: (settings) => serve(platform, settings),
    print: (text) => writeAll(1, text),
    complain,
    log: logDefect,
  });
}

/** Which way a command goes: into a named keystore, to a named daemon, to whichever is there. */
async function connect(platform: Platform, settings: TargetSettings): Promise<ApiClient> {
  const keystore = locateKeystore(settings);
  if (settings.keystore !== undefined) {
    return new ApiClient(await openInProcess(platform, keystore));
  }
  const path = settings.socket ?? defaultSocket(process);
  const daemon = await openSocket(platform, path, keystore);
  if (settings.socket !== undefined) return new ApiClient(daemon);
  return new ApiClient(withFallback(daemon, () => openInProcess(platform, keystore)));
}

async function openSocket(
  platform: Platform,
  path: string,
  keystore: KeystoreLocation,
): Promise<Transport> {
  const { socketTransport } = await import("./client/socket.ts");
  const { assertTrustedServer } = await import("./client/server_trust.ts");
  const owners = keystoreAdminUids(keystore.path, keystore.isDefault, platform.self);
  return socketTransport({
    path,
    timeoutMs: ANSWER_TIMEOUT_MS,
    assertTrusted(socket) {
      assertTrustedServer(socket, platform, [0, platform.self.uid, ...owners]);
    },
  });
}

async function openInProcess(platform: Platform, keystore: KeystoreLocation): Promise<Transport> {
  const { commandLock } = await import("./keystore/writer_lock.ts");
  const { callLocally } = await import("./api/local.ts");
  const { self } = platform;
  const policy = {
    adminUids: keystoreAdminUids(keystore.path, keystore.isDefault, self),
    adminGids: [],
  };
  const lock = commandLock(lockOptions(platform, keystore));
  const { routes } = await openRoutes(platform, keystore, { lock, role: "command" });
  const api = { routes, policy, log: logDefect };
  return { send: ({ method, path, body }) => callLocally(api, self, method, path, body) };
}

async function serve(platform: Platform, settings: DaemonSettings): Promise<void> {
  if (!platform.knowsPeers) {
    const text = "a daemon cannot tell on this system who connects; use the other commands alone";
    throw new AppError("ERR_SOCKET", text);
  }
  const { assertAccess } = await import("./api/access.ts");
  const { createApp } = await import("./api/app.ts");
  const { daemonLock } = await import("./keystore/writer_lock.ts");
  const { startDaemon } = await import("./daemon/daemon.ts");
  const { self } = platform;
  const keystore = locateKeystore(settings);
  const socketPath = resolve(settings.socket ?? defaultSocket(process));
  const socketGid = resolveGroup(platform, settings.socketGroup);
  const adminGid = resolveGroup(platform, settings.adminGroup);
  assertAccess("admin", self, {
    adminUids: keystoreAdminUids(keystore.path, keystore.isDefault, self),
    adminGids: [],
  });
  const lock = await daemonLock(lockOptions(platform, keystore));
  const policy = {
    adminUids: [0, self.uid],
    adminGids: adminGid === undefined ? [] : [adminGid],
  };
  const options = { lock, role: "daemon", socket: socketPath } as const;
  const { routes, open } = await openRoutes(platform, keystore, options);
  await open();
  const app = createApp({ routes, policy, log: logDefect });
  const daemon = await startDaemon({
    socketPath,
    socketMode: settings.socketMode,
    socketGid,
    platform,
    fetch: (request, environment) => app.fetch(request, environment),
    log: logDefect,
  });
  complain(`apikey: listening at ${socketPath}, keystore ${keystore.path}`);
  complain(`apikey: ${await stopSignal()} received, stopping`);
  await daemon.stop();
}

interface RouteOptions {
  readonly lock: WriterLock;
  readonly role: "daemon" | "command";
  readonly socket?: string;
}

async function openRoutes(
  platform: Platform,
  location: KeystoreLocation,
  { lock, role, socket }: RouteOptions,
) {
  const { createRoutes } = await import("./api/routes.ts");
  const { Keystore } = await import("./keystore/keystore.ts");
  const { KeystoreFile } = await import("./keystore/keystore_file.ts");
  const { storePasswords } = await import("./keystore/store_passwords.ts");
  const { portablePkcs12Kdf } = await import("./pkcs12/key_derivation.ts");
  const { KeyService } = await import("./service/keys.ts");
  const { KeystoreService } = await import("./service/keystore.ts");
  const { StatusService } = await import("./service/status.ts");
  const { path: keystorePath, passwordFile, generations } = location;
  const mayBeDenied = isOrdinaryUser(platform);
  const uid = process.platform === "win32" ? undefined : platform.self.uid;
  const keystore = new Keystore({
    file: new KeystoreFile({
      path: keystorePath,
      mayBeDenied,
      uid,
      generations,
    }),
    lock,
    pkcs12Kdf: platform.pkcs12Kdf ?? portablePkcs12Kdf,
    passwords: storePasswords({
      keystorePath,
      passwordFile,
      credentialsFolder: process.env["CREDENTIALS_DIRECTORY"],
      mayBeDenied,
      uid,
    }),
  });
  const routes = createRoutes({
    keys: new KeyService({ keystore, clock: systemClock }),
    keystore: new KeystoreService(keystore, socket),
    status: new StatusService(keystore, socket),
    server: {
      version: packageJson.version,
      role,
      pid: process.pid,
      socket,
      startedAt: systemClock(),
    },
    clock: systemClock,
  });
  return { routes, open: () => keystore.read() };
}

interface KeystoreLocation {
  readonly path: string;
  /** Whether nobody named the path. */
  readonly isDefault: boolean;
  readonly passwordFile: string | undefined;
  readonly generations: number;
}

function locateKeystore(settings: TargetSettings): KeystoreLocation {
  const { keystore, passwordFile, generations } = settings;
  const path = resolve(keystore ?? defaultKeystore(process));
  return { path, isDefault: keystore === undefined, passwordFile, generations };
}

function lockOptions(platform: Platform, { path, isDefault }: KeystoreLocation): WriterLockOptions {
  return {
    keystorePath: path,
    platform,
    mayBeDenied: isOrdinaryUser(platform),
    timeoutMs: LOCK_TIMEOUT_MS,
    createFolder: isDefault,
  };
}

/** Whether a denied permission means "ask an administrator" rather than a fault. */
function isOrdinaryUser({ self }: Platform): boolean {
  return self.uid !== 0 || self.isConfined;
}

/** @throws AppError ERR_USAGE for a group that does not exist */
function resolveGroup(platform: Platform, group: string | undefined): number | undefined {
  if (group === undefined) return undefined;
  const gid = /^\d{1,9}$/.test(group) ? Number(group) : platform.groupId(group);
  if (gid !== undefined) return gid;
  throw new AppError("ERR_USAGE", `no such group: ${group}`);
}

function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      process.on(signal, () => resolve(signal));
    }
  });
}

/** All of it, or the system's error: what a pipe or a full disk does not take must not get lost. */
function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text, "utf8");
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += writeSync(descriptor, bytes, offset);
    } catch (error) {
      if (systemErrorCode(error) !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function complain(line: string): void {
  try {
    writeAll(2, `${line}\n`);
  } catch {
    // Nobody reads standard error; there is nowhere else to say so.
  }
}

/** The daemon's log has the details of a defect; a command shows them to developers who ask. */
function logDefect(error: unknown): void {
  if (process.argv[2] !== "daemon" && !process.env["APIKEY_DEBUG"]) return;
  complain(error instanceof Error ? error.stack ?? error.message : String(error));
}

// Should a promise get lost on the way, an empty event loop must not read as success.
process.exitCode = DEFECT_STATUS;
main().then(
  (status) => process.exit(status),
  (error) => {
    logDefect(error);
    complain("apikey: internal error: a defect in apikey");
    process.exit(DEFECT_STATUS);
  },
);
