import { type Answer, jsonRequest, send } from "./http.ts";

export function createKey(socket: string, alias: string): Promise<Answer> {
  return send(socket, jsonRequest("POST", "/v1/keys", { alias }));
}

/** The key in the answer to a creation. */
export function createdKey({ body }: Pick<Answer, "body">): string {
  return (JSON.parse(body) as { key: string }).key;
}

export function revokeKey(socket: string, alias: string): Promise<Answer> {
  return send(socket, { method: "DELETE", path: `/v1/keys/${alias}` });
}

/** The last characters of each key's mask, by alias, in the daemon's order. */
export type KeyEndings = ReadonlyMap<string, string>;

/** @throws Error for any other answer than 200 */
export async function listKeys(socket: string): Promise<KeyEndings> {
  const { status, body } = await send(socket, { method: "GET", path: "/v1/keys" });
  if (status !== 200) throw new Error(`cannot list the keys: ${status} ${body}`);
  const { keys } = JSON.parse(body) as { keys: { alias: string; maskedKey: string }[] };
  return new Map(keys.map(({ alias, maskedKey }) => [alias, keyEnding(maskedKey)]));
}

/** As much of a key as a list shows. */
export function keyEnding(key: string): string {
  return key.slice(-4);
}

/** `code` of a problem document. */
export function problemCode({ body }: Answer): string {
  return (JSON.parse(body) as { code: string }).code;
}

/** @throws Error for any other answer than 200 */
export async function statusWarnings(socket: string): Promise<readonly string[]> {
  const { status, body } = await send(socket, { method: "GET", path: "/v1/status" });
  if (status !== 200) throw new Error(`cannot ask for the status: ${status} ${body}`);
  return (JSON.parse(body) as { warnings: string[] }).warnings;
}
