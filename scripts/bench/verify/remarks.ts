import type { Contender } from "./contender.ts";
import { type Results, SLICES, TURN_MS } from "./rounds.ts";

/** As much as a process may take of a processor and still have time to spare. */
const MAX_CLIENT_SHARE = 0.95;

/** Less than that, and a server waits for something. */
const MIN_SERVER_SHARE = 0.9;

/** What has to be known to read the table, one line each. */
export function remarks(bare: Contender, results: Results): string[] {
  return [
    judgeBottleneck(results.serverShare(bare), results.clientShare(bare)),
    "of bare, wanted: the median of the ratios within a round, which vary less than the rates; by " +
    "processor time: the same of checks in a second that the servers computed",
    `a round: ${TURN_MS} ms for each, in ${SLICES} parts, in turn; Java in one part, in every ` +
    "fifth round",
    "keys: all in turn, each in a request of its own, 32 requests at a time, 4 of batches; of " +
    "Java, which computes on two processors, the key in the middle, 2 at a time",
    "server µs: processor time a check; %: of one processor; client: the load generator, a process of its own, but of the caching " +
    "client the process that it is in",
    "latency: from when a request was due, whether or not a connection was free for it",
    "better-auth: rate limit off, updates deferred; SQLite with WAL and synchronous=NORMAL; in " +
    "memory: a Map as secondary storage; both write when a key was last used",
  ];
}

/** Whether it is the server that was measured. */
function judgeBottleneck(server: number, client: number): string {
  if (Number.isNaN(server)) {
    return "whether the load generator keeps up is not known on this system";
  }
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const shares = `the server ${percent(server)}, the load generator ${percent(client)}`;
  return `bare node:http, of a processor: ${shares}: ${judgeShares(server, client)}`;
}

function judgeShares(server: number, client: number): string {
  if (client > MAX_CLIENT_SHARE) return "NO, it is the load generator that was measured";
  if (server >= MIN_SERVER_SHARE) return "it is the server that was measured";
  return "NO, something else took the processors: at best the ratios and server µs mean something";
}
