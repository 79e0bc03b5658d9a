import type { HttpContender } from "./contender.ts";
import { assertJudges } from "./probe.ts";
import { authRequests } from "./requests.ts";
import { serveScript } from "./server_process.ts";
import type { Stage } from "./stage.ts";
import { describeKeys, type StoredKeys } from "./stored_keys.ts";

/** Fastify with @fastify/bearer-auth. */
export async function addFastify(stage: Stage, stored: StoredKeys): Promise<HttpContender> {
  const what = `Fastify, ${describeKeys(stored)}`;
  const { keys, list } = stored;
  const served = await stage.serve(what, (folder) => {
    return serveScript("fastify_server.ts", folder, list);
  });
  await assertJudges(what, served.socket, keys);
  return await stage.contender({ what, served, requests: authRequests(keys) });
}
