import { AppError } from "../errors.ts";
import type { PeerCredentials, PeerProcess } from "../model/peer_credentials.ts";
import { describeProblem, type FailureLog } from "./problem.ts";
import type { Reply } from "./operation.ts";
import { answer, type Route, type Surroundings } from "./route.ts";

export interface LocalApi extends Surroundings {
  readonly routes: readonly Route[];
  readonly peerProcess: () => PeerProcess | undefined;
  readonly log: FailureLog;
}

/**
 * The API without HTTP, for a command that serves itself: the same routes under the same policy,
 * but without Hono and fetch, which would take longer to load than the whole command to run.
 *
 * @param path as a client encodes it
 * @returns a problem document as the body where the API refuses
 */
export async function callLocally(
  { routes, policy, audit, peerProcess, log }: LocalApi,
  peer: PeerCredentials,
  method: string,
  path: string,
  body: unknown,
): Promise<Reply> {
  try {
    for (const route of routes) {
      const parameters = route.method === method ? matchPath(route.path, path) : undefined;
      if (parameters === undefined) continue;
      const header = () => undefined;
      const readBody = () => Promise.resolve(body);
      const call = { peer, peerProcess, header, query: "", parameters, readBody };
      return await answer(route, call, { policy, audit });
    }
    throw new AppError("ERR_ROUTE_UNKNOWN", `no such resource: ${method} ${path}`);
  } catch (error) {
    const problem = describeProblem(error, { log });
    return { status: problem.status, body: problem };
  }
}

/** @returns the path's parameters, or undefined where it is another route's */
function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const names = pattern.split("/");
  const segments = path.split("/");
  if (names.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const segment = decodeURIComponent(segments[index] ?? "");
    if (name.startsWith(":")) parameters[name.slice(1)] = segment;
    else if (name !== segment) return undefined;
  }
  return parameters;
}
