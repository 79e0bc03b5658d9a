import { compileJava } from "../../../test/support/java.ts";
import type { HttpContender } from "./contender.ts";
import { assertJudges } from "./probe.ts";
import { authRequests, middleKey } from "./requests.ts";
import { serveProgram, socketIn } from "./server_process.ts";
import type { Stage } from "./stage.ts";
import { describeKeys, type StoredKeys } from "./stored_keys.ts";

/** Java has a thread for each: two processors compute. */
const CONNECTIONS = 2;

/** Java that scans the keystore, as MetricsHub does. */
export async function addScan(stage: Stage, stored: StoredKeys): Promise<HttpContender> {
  const what = `Java scanning the keystore, ${describeKeys(stored)}`;
  const { keys, keystore } = stored;
  const classes = await compileJava(new URL("./Scan.java", import.meta.url));
  const served = await stage.serve(what, (folder) => {
    const socket = socketIn(folder);
    return serveProgram(["java", "-cp", classes, "Scan", socket, keystore], socket);
  });
  await assertJudges(what, served.socket, keys);
  // Always the same: there are too few checks for an average over all keys.
  const requests = authRequests([middleKey(keys)]);
  return await stage.contender({
    what,
    served,
    requests,
    connections: CONNECTIONS,
    isSlow: true,
  });
}
