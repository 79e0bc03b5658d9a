import { Buffer } from "node:buffer";
import * as assert from "uvu/assert";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { type Answer, jsonRequest, send } from "../support/http.ts";
import type { Change, State } from "./keystore_state.ts";

/**
 * Starts a daemon whose pool's one thread makes every call that is made in a thread, so that they
 * can be counted.
 *
 * @param enter see {@link Place.enter}
 */
export function startCountable(
  keystore: string,
  socket: string,
  enter: (argv: readonly string[]) => readonly string[] = (argv) => argv,
): Promise<Daemon> {
  return startDaemon(keystore, socket, [], (argv) => [
    ...enter(["env", "UV_THREADPOOL_SIZE=1", ...argv]),
  ]);
}

/** Asks a daemon for a change; undefined where the connection broke. */
export function ask(socket: string, { kind, alias }: Change): Promise<Answer | undefined> {
  const request = kind === "create"
    ? jsonRequest("POST", "/v1/keys", { alias })
    : { method: "DELETE", path: `/v1/keys/${alias}` };
  return send(socket, request).catch(() => undefined);
}

/** Asserts that a daemon lists those keys that are in the file. */
export async function assertListed(socket: string, { entries }: State): Promise<void> {
  const { status, body } = await send(socket, { method: "GET", path: "/v1/keys" });
  assert.is(status, 200, body);
  const { keys } = JSON.parse(body) as { keys: { alias: string; maskedKey: string }[] };
  const expected = entries.filter(({ name }) => name.startsWith("api_key:")).map((entry) => {
    const [key = ""] = Buffer.from(entry.key ?? "", "hex").toString().split("__");
    return [entry.name.slice("api_key:".length), key.slice(-4)];
  });
  assert.equal(
    keys.map(({ alias, maskedKey }) => [alias, maskedKey.slice(-4)]),
    expected,
    "what the daemon lists is what is in the file",
  );
}
