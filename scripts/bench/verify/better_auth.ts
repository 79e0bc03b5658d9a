import type { HttpContender } from "./contender.ts";
import { assertJudges } from "./probe.ts";
import { authRequests } from "./requests.ts";
import { serveScript } from "./server_process.ts";
import type { Stage } from "./stage.ts";
import { describeKeys, type StoredKeys } from "./stored_keys.ts";

const STORAGES = { sqlite: "SQLite", map: "in memory" } as const;

/** better-auth with its plugin for API keys. */
export async function addBetterAuth(
  stage: Stage,
  stored: StoredKeys,
  storage: keyof typeof STORAGES,
): Promise<HttpContender> {
  const what = `better-auth, ${STORAGES[storage]}, ${describeKeys(stored)}`;
  const { keys, list } = stored;
  const served = await stage.serve(what, (folder) => {
    return serveScript("better_auth_server.ts", folder, list, storage);
  });
  await assertJudges(what, served.socket, keys);
  return await stage.contender({ what, served, requests: authRequests(keys) });
}
