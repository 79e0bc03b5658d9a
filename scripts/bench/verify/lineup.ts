import { addAllOfApikey, addApikey, type ApikeyContenders } from "./apikey.ts";
import { addBare } from "./bare.ts";
import { addBetterAuth } from "./better_auth.ts";
import type { Contender, HttpContender } from "./contender.ts";
import { addFastify } from "./fastify.ts";
import { addScan } from "./scan.ts";
import type { Stage } from "./stage.ts";
import type { StoredKeys } from "./stored_keys.ts";

/** How many keys those have at most that look at one after the other. */
const MAX_SCANNED_KEYS = 1000;

/** Everything that is measured. */
export interface Lineup {
  readonly bare: HttpContender;
  /** `GET /v1/auth` of apikey, by number of keys in ascending order. */
  readonly auth: ReadonlyMap<number, HttpContender>;
  /** apikey with the number of keys that everybody has. */
  readonly apikey: ApikeyContenders;
  /** By number of keys in ascending order. */
  readonly fastify: ReadonlyMap<number, HttpContender>;
  /** All of them, in the order of the table. */
  readonly contenders: readonly Contender[];
}

/** Starts all servers and makes sure that they tell stored keys from unknown ones. */
export async function lineUp(stage: Stage, stored: readonly StoredKeys[]): Promise<Lineup> {
  const small = stored.filter(({ keys }) => keys.length <= MAX_SCANNED_KEYS);
  const usual = small.at(-1) ?? stored[0];
  if (usual === undefined) throw new TypeError("no sizes");
  const bare = await addBare(stage, usual);
  const apikey = await addAllOfApikey(stage, usual);
  const auth = await addEach(stored, (keys) => {
    return keys === usual ? apikey.auth : addApikey(stage, keys);
  });
  const fastify = await addEach(small, (keys) => addFastify(stage, keys));
  const inMemory = await addBetterAuth(stage, usual, "map");
  const sqlite = await addBetterAuth(stage, usual, "sqlite");
  const scan = await addEach(small, (keys) => addScan(stage, keys));
  const { unknown, batch, client } = apikey;
  const contenders = [
    ...[bare, ...auth.values(), unknown, batch, client],
    ...[...fastify.values(), inMemory, sqlite, ...scan.values()],
  ];
  return { bare, auth, apikey, fastify, contenders };
}

async function addEach(
  stored: readonly StoredKeys[],
  add: (stored: StoredKeys) => HttpContender | Promise<HttpContender>,
): Promise<ReadonlyMap<number, HttpContender>> {
  const added = new Map<number, HttpContender>();
  for (const some of stored) added.set(some.keys.length, await add(some));
  return added;
}
