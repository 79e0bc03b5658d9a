import { setTimeout } from "node:timers/promises";
import { createKeys, revokeKeys } from "../load.ts";
import { readMemory } from "../memory.ts";
import type { Costs } from "./costs.ts";
import { aliases, type Subject } from "./subject.ts";

const REST_MS = 2000;
const CREATES = 100;

/** One after the other takes too long with very many keys. */
const CLIENTS = 10;

/** What a daemon holds that has done nothing before. */
export async function measureMemory({ daemon }: Subject): Promise<Costs> {
  const { status, body } = await daemon.send("GET", "/v1/keys");
  if (status !== 200) throw new Error(`cannot list: ${status} ${body}`);
  await setTimeout(REST_MS);
  const memoryAtRest = readMemory(daemon.pid, "VmRSS");
  const crowd = { socket: daemon.socket, clients: CLIENTS };
  const names = aliases("memory", CREATES);
  await createKeys(crowd, names);
  const memoryPeak = readMemory(daemon.pid, "VmHWM");
  await revokeKeys(crowd, names);
  return { memoryAtRest, memoryPeak };
}
