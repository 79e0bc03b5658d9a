import process from "node:process";
import packageJson from "../../package.json" with { type: "json" };
import type { TargetSettings } from "../cli/settings.ts";
import { ApiClient } from "../client/api_client.ts";
import { withFallback } from "../client/fallback.ts";
import { withPatience } from "../client/patience.ts";
import type { Transport } from "../client/transport.ts";
import { keystoreAdminUids } from "../keystore/keystore_owner.ts";
import type { Host } from "./host.ts";
import {
  type KeystoreLocation,
  locateKeystore,
  locateSocket,
  lockOptions,
} from "./keystore_location.ts";

const ANSWER_TIMEOUT_MS = 60_000;

/** Which way a command goes: into a named keystore, to a named daemon, to whichever is there. */
export async function connect(host: Host, settings: TargetSettings): Promise<ApiClient> {
  const keystore = locateKeystore(settings);
  if (settings.keystore !== undefined) return new ApiClient(await openInProcess(host, keystore));
  const path = locateSocket(settings);
  const daemon = await openSocket(host, path, keystore);
  const { version } = packageJson;
  if (settings.socket !== undefined) return new ApiClient(daemon, version);
  return new ApiClient(withFallback(daemon, () => openInProcess(host, keystore)), version);
}

async function openSocket(
  { platform }: Host,
  path: string,
  keystore: KeystoreLocation,
): Promise<Transport> {
  const { socketTransport } = await import("../client/socket.ts");
  const { assertTrustedServer } = await import("../client/server_trust.ts");
  const owners = keystoreAdminUids(keystore.path, keystore.isDefault, platform);
  const transport = socketTransport({
    path,
    open: platform.pipes?.connect,
    timeoutMs: ANSWER_TIMEOUT_MS,
    assertTrusted(socket) {
      assertTrustedServer(socket, platform, [0, platform.self.uid, ...owners], path);
    },
  });
  return withPatience(transport, () => tellWaiting(path));
}

/** For people only: what programs read stays as it is documented. */
function tellWaiting(path: string): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(
    `apikey: waiting for the daemon at ${path}; \`apikey doctor\` looks at it\n`,
  );
}

async function openInProcess(host: Host, keystore: KeystoreLocation): Promise<Transport> {
  const { callLocally } = await import("../api/local.ts");
  const { commandLock } = await import("../keystore/writer_lock.ts");
  const { openRoutes } = await import("./open_routes.ts");
  const { platform: { self, ownProcess }, log } = host;
  const policy = {
    adminUids: keystoreAdminUids(keystore.path, keystore.isDefault, host.platform),
    adminGids: [],
    verifierGids: [],
  };
  const lock = commandLock(lockOptions(host.platform, keystore));
  const { routes, audit } = openRoutes(host, keystore, { lock, role: "command" });
  const api = { routes, policy, audit, peerProcess: ownProcess, log };
  return { send: ({ method, path, body }) => callLocally(api, self, method, path, body) };
}
