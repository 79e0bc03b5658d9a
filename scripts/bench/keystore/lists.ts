import { compare, type Contestant, runToEnd } from "../measure.ts";
import type { Costs } from "./costs.ts";
import { roundsBelow, type Subject } from "./subject.ts";

/** From this many keys on a run takes seconds, with Java and without. */
const JAVA_SLOW_FROM = 1000;
const SLOW_FROM = 100_000;

/** What it takes to open a keystore: to be listed, every key has to be decrypted. */
export async function measureLists(subject: Subject): Promise<Costs> {
  const { keys, keystore, empty, java } = subject;
  const javaList = java.program("list", keystore);
  if (!java.keepsUp("list", keys, javaList)) {
    return ownCosts(await compare(ownContestants(subject), roundsBelow(SLOW_FROM, subject)));
  }
  const medians = await compare({
    ...ownContestants(subject),
    java: running(javaList),
    javaEmpty: running(java.program("list", empty)),
  }, roundsBelow(JAVA_SLOW_FROM, subject));
  java.took("list", keys, medians.java);
  const openJava = medians.java - medians.javaEmpty;
  return { ...ownCosts(medians), listJava: medians.java, openJava };
}

function ownContestants({ context: { command }, keystore, empty, daemon }: Subject) {
  return {
    command: running([...command, "list", "--keystore", keystore]),
    daemon: running([...command, "list", "--socket", daemon.socket]),
    empty: running([...command, "list", "--keystore", empty]),
  };
}

type OwnName = keyof ReturnType<typeof ownContestants>;

function ownCosts({ command, daemon, empty }: Readonly<Record<OwnName, number>>): Costs {
  return { open: command - empty, listCommand: command, listDaemon: daemon };
}

function running(argv: readonly [string, ...string[]]): Contestant {
  return { run: () => runToEnd(argv) };
}
