import { randomUUID } from "node:crypto";
import { Agent, request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** What clients have asked for, and what has come of it. */
export interface Tally {
  /** Keys that the daemon says it has made, by alias. */
  readonly made: Map<string, string>;
  readonly revoked: Set<string>;
  requests: number;
  readonly failures: string[];
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const CLIENTS = 8;
const PAUSE_MS = 3;

/**
 * Clients that ask a daemon one thing after the other, half of them over connections that they keep,
 * half over a new one each time.
 *
 * @returns ends them, once each has its last answer
 */
export function startLoad(socketPath: string): () => Promise<Tally> {
  const tally: Tally = { made: new Map(), revoked: new Set(), requests: 0, failures: [] };
  const stopping = new AbortController();
  const clients = Array.from({ length: CLIENTS }, (_, number) => {
    const agent = new Agent({ keepAlive: number % 2 === 0, maxSockets: 1 });
    return act(number, { socketPath, agent }, tally, stopping.signal)
      .finally(() => agent.destroy());
  });
  return async () => {
    stopping.abort();
    await Promise.all(clients);
    return tally;
  };
}

interface Way {
  readonly socketPath: string;
  readonly agent: Agent;
}

async function act(client: number, way: Way, tally: Tally, stop: AbortSignal): Promise<void> {
  for (let turn = 0; !stop.aborted; turn++) {
    const alias = `load-${client}-${turn}-${randomUUID()}`;
    const asks = async (what: string, status: number, ...call: [string, string, unknown?]) => {
      tally.requests++;
      try {
        const answer = await ask(way, ...call);
        if (answer.status === status) return answer;
        tally.failures.push(`${what}: ${answer.status} ${answer.body}`);
      } catch (error) {
        tally.failures.push(`${what}: ${(error as NodeJS.ErrnoException).code ?? error}`);
      }
      return undefined;
    };
    const created = await asks("create", 201, "POST", "/v1/keys", { alias });
    if (created !== undefined) {
      const { key } = JSON.parse(created.body) as { key: string };
      tally.made.set(alias, key);
      await asks("verify", 200, "POST", "/v1/verify", { key });
    }
    await asks("health", 200, "GET", "/v1/health");
    if (turn % 3 === 0 && created !== undefined) {
      const revoked = await asks("revoke", 204, "DELETE", `/v1/keys/${alias}`);
      if (revoked !== undefined) tally.revoked.add(alias);
      // Nobody has promised anything of a key whose revocation had no answer.
      else tally.made.delete(alias);
    }
    await sleep(PAUSE_MS);
  }
}

function ask(way: Way, method: string, path: string, body?: unknown): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = { Host: "localhost", "Content-Type": "application/json" };
  const request = httpRequest({ ...way, method, path, headers }, (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (chunk: string) => text += chunk);
    response.once("error", reject);
    response.once("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
  });
  request.once("error", reject);
  request.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
