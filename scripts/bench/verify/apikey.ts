import { join } from "node:path";
import { startDaemon } from "../daemon.ts";
import { copyKeystore } from "../keystores.ts";
import { openCachingClient } from "./caching_client.ts";
import type { Contender, HttpContender } from "./contender.ts";
import { assertJudges, assertJudgesBatch } from "./probe.ts";
import { authRequests, BATCH_KEYS, batchRequests, unknownKeys } from "./requests.ts";
import { type Served, socketIn } from "./server_process.ts";
import type { Stage } from "./stage.ts";
import { describeKeys, type StoredKeys } from "./stored_keys.ts";

/** Enough for the daemon to have work all the time. */
const BATCHES_AT_ONCE = 4;

/** `apikey daemon` and the ways to ask it. */
export interface ApikeyContenders {
  /** `GET /v1/auth`, with keys that are stored. */
  readonly auth: HttpContender;
  readonly unknown: HttpContender;
  readonly batch: HttpContender;
  readonly client: Contender;
}

/** `GET /v1/auth` alone. */
export async function addApikey(stage: Stage, stored: StoredKeys): Promise<HttpContender> {
  return await auth(stage, stored, await serve(stage, stored));
}

/** All there is, with one daemon. */
export async function addAllOfApikey(stage: Stage, stored: StoredKeys): Promise<ApikeyContenders> {
  const served = await serve(stage, stored);
  return {
    auth: await auth(stage, stored, served),
    unknown: await stage.contender({
      what: `apikey, ${describeKeys(stored)}, asked for unknown ones`,
      served,
      requests: authRequests(unknownKeys(stored.keys.length)),
      status: 401,
    }),
    batch: await batch(stage, stored, served),
    client: await client(stage, stored, served),
  };
}

async function serve(stage: Stage, stored: StoredKeys): Promise<Served> {
  return await stage.serve(`apikey, ${describeKeys(stored)}`, async (folder) => {
    const keystore = join(folder, "keystore.p12");
    copyKeystore(stored.keystore, keystore);
    const { command } = stage.context;
    const socket = socketIn(folder);
    const { pid, stop } = await startDaemon(command, keystore, socket, "--socket-mode", "600");
    return { socket, pid, stop: async () => void await stop() };
  });
}

async function auth(stage: Stage, stored: StoredKeys, served: Served): Promise<HttpContender> {
  const what = `apikey, ${describeKeys(stored)}`;
  await assertJudges(what, served.socket, stored.keys);
  return await stage.contender({ what, served, requests: authRequests(stored.keys) });
}

async function batch(stage: Stage, stored: StoredKeys, served: Served): Promise<HttpContender> {
  const what = `apikey, ${describeKeys(stored)}, ${BATCH_KEYS} a batch`;
  await assertJudgesBatch(what, served.socket, stored.keys);
  return await stage.contender({
    what,
    served,
    requests: batchRequests(stored.keys),
    status: 200,
    connections: BATCHES_AT_ONCE,
    checksPerRequest: BATCH_KEYS,
  });
}

async function client(
  stage: Stage,
  stored: StoredKeys,
  served: Served,
): Promise<Contender> {
  const what = `apikey, ${describeKeys(stored)}, caching client`;
  return stage.use(await openCachingClient(what, served, stored.keys));
}
