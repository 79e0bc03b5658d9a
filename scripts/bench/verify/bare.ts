import type { HttpContender } from "./contender.ts";
import { assertStatus } from "./probe.ts";
import { authRequests, middleKey } from "./requests.ts";
import { serveScript } from "./server_process.ts";
import type { Stage } from "./stage.ts";
import type { StoredKeys } from "./stored_keys.ts";

/** `node:http` that looks at nothing. */
export async function addBare(stage: Stage, { keys }: StoredKeys): Promise<HttpContender> {
  const what = "bare node:http";
  const served = await stage.serve(what, (folder) => serveScript("bare_server.ts", folder));
  await assertStatus(what, served.socket, middleKey(keys), 204);
  return await stage.contender({ what, served, requests: authRequests(keys) });
}
