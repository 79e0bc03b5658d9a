import { copyKeystore } from "../keystores.ts";
import { createKeys, type Load, revokeKeys } from "../load.ts";
import { compare, type Contestant, median, runToEnd } from "../measure.ts";
import type { Costs } from "./costs.ts";
import { aliases, CLIENTS, createsAtOnce, roundsBelow, type Subject } from "./subject.ts";

const ALIAS = "bench";
const SLOW_FROM = 10_000;

/** How many requests of one client, one after the other, make a run. */
const REQUESTS = 10;

/** What it takes until a key is created. Each finds the keys of `subject` and no others. */
export async function measureCreates(subject: Subject): Promise<Costs> {
  const { keys, java } = subject;
  const rounds = roundsBelow(SLOW_FROM, subject);
  const loads: Load[] = [];
  const own = ownContestants(subject, loads);
  const { file, prepare } = copyFor(subject, "java");
  const javaCreate = java.program("create", file, ALIAS);
  prepare();
  if (!java.keepsUp("create", keys, javaCreate)) {
    return ownCosts(await compare(own, rounds), loads);
  }
  const running = copyFor(subject, "running-java");
  const medians = await compare({
    ...own,
    java: { prepare, run: () => runToEnd(javaCreate) },
    runningJava: { prepare: running.prepare, run: () => java.add(running.file, ALIAS) },
  }, rounds);
  java.took("create", keys, medians.java);
  return { ...ownCosts(medians, loads), ...javaCosts(medians) };
}

function ownContestants(subject: Subject, loads: Load[]) {
  const { context: { command }, daemon, keys } = subject;
  const { file, prepare } = copyFor(subject, "command");
  return {
    command: {
      prepare,
      run: () => runToEnd([...command, "create", "--alias", ALIAS, "--keystore", file]),
    },
    daemon: {
      run: () => runToEnd([...command, "create", "--alias", ALIAS, "--socket", daemon.socket]),
      tidy: async () => void await revokeKeys({ socket: daemon.socket, clients: 1 }, [ALIAS]),
    },
    request: loadContestant(subject, 1, keys < 100_000 ? REQUESTS : 2, []),
    crowd: loadContestant(subject, CLIENTS, createsAtOnce(keys), loads),
  };
}

/** Creates keys over HTTP and removes them again; its time is that of one of them. */
function loadContestant(
  { daemon: { socket } }: Subject,
  clients: number,
  count: number,
  loads: Load[],
): Contestant {
  const names = aliases("bench", count);
  return {
    async run() {
      const load = await createKeys({ socket, clients }, names);
      loads.push(load);
      return load.elapsedMs / count;
    },
    tidy: async () => void await revokeKeys({ socket, clients: Math.min(CLIENTS, count) }, names),
  };
}

/** A copy of the keystore, as good as new whenever it has been prepared. */
function copyFor({ keystore }: Subject, purpose: string) {
  const file = keystore.replace(/\.p12$/, `-${purpose}.p12`);
  return { file, prepare: () => copyKeystore(keystore, file) };
}

type OwnName = keyof ReturnType<typeof ownContestants>;

function ownCosts(medians: Readonly<Record<OwnName, number>>, loads: readonly Load[]): Costs {
  const shares = loads.map(({ processorMs, elapsedMs }) => processorMs / elapsedMs);
  return {
    createCommand: medians.command,
    createDaemon: medians.daemon,
    createRequest: medians.request,
    rateDaemon: 1000 / medians.crowd,
    clientShare: 100 * median(shares),
  };
}

function javaCosts(medians: Readonly<Record<"java" | "runningJava", number>>): Costs {
  return {
    createJava: medians.java,
    createRunningJava: medians.runningJava,
    rateJava: 1000 / medians.java,
    rateRunningJava: 1000 / medians.runningJava,
  };
}
