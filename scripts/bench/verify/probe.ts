import { Buffer } from "node:buffer";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { Reply } from "../daemon.ts";
import { middleKey, unknownKeys } from "./requests.ts";

/** @throws Error unless the server lets a stored key pass and turns an unknown one away */
export async function assertJudges(
  what: string,
  socket: string,
  keys: readonly string[],
): Promise<void> {
  const [unknown = ""] = unknownKeys(1);
  await assertStatus(`${what}: a stored key`, socket, middleKey(keys), 204);
  await assertStatus(`${what}: an unknown key`, socket, unknown, 401);
}

/** @throws Error unless that is how the server answers to this key */
export async function assertStatus(
  what: string,
  socket: string,
  key: string,
  expected: number,
): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  const { status } = await ask(socket, "GET", "/v1/auth", headers);
  if (status !== expected) throw new Error(`${what} is answered with ${status}, not ${expected}`);
}

/** @throws Error unless a batch is answered in its order, with the aliases of what is stored */
export async function assertJudgesBatch(
  what: string,
  socket: string,
  keys: readonly string[],
): Promise<void> {
  const batch = [keys[0], ...unknownKeys(1), keys.at(-1)];
  const headers = { "content-type": "application/json" };
  const json = JSON.stringify({ keys: batch });
  const { status, body } = await ask(socket, "POST", "/v1/verify/batch", headers, json);
  const { results = [] } = status === 200 ? JSON.parse(body) as Verdicts : {};
  const found = results.map(({ valid, alias }) => valid ? alias : null);
  const wanted = ["k0", null, `k${keys.length - 1}`];
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`${what}: a batch is answered with ${status} ${JSON.stringify(found)}`);
  }
}

interface Verdicts {
  readonly results?: readonly { readonly valid: boolean; readonly alias: string }[];
}

async function ask(
  socketPath: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body = "",
): Promise<Reply> {
  const length = { "content-length": Buffer.byteLength(body) };
  return await new Promise((resolve, reject) => {
    request({ socketPath, method, path, headers: { ...headers, ...length } }, (response) => {
      const status = response.statusCode;
      text(response).then((body) => resolve({ status, body }), reject);
    }).on("error", reject).end(body);
  });
}
