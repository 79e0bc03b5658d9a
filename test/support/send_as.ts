import { join } from "node:path";
import { execute } from "./execute.ts";
import type { Answer, Request } from "./http.ts";
import { asUser, RUNTIME, type User } from "./users.ts";

const PEER = join(import.meta.dirname, "peer.ts");

/**
 * Sends requests to a socket from a process of another user, each on a connection of its own.
 *
 * @returns the answers in order; null where that user could not connect
 */
export async function sendAs(
  user: User,
  socket: string,
  requests: readonly Request[],
): Promise<(Answer | null)[]> {
  const input = JSON.stringify({ socket, requests });
  const { status, stdout, stderr } = await execute(asUser(user, [...RUNTIME, PEER]), { input });
  if (status !== 0) throw new Error(`cannot send as uid ${user.uid}: ${stderr}`);
  return JSON.parse(stdout) as (Answer | null)[];
}
