import { test } from "uvu";
import * as assert from "uvu/assert";
import { AppError } from "../../src/errors.ts";
import type { Keystore } from "../../src/keystore/keystore.ts";
import { KeystoreWatch } from "../../src/service/keystore_watch.ts";
import { gatheringLog } from "../support/gathering_log.ts";

function watching() {
  const state = { reloads: 0, fault: undefined as AppError | undefined, isGone: false };
  const keystore = {
    keyCount: 2,
    get reloads() {
      return state.reloads;
    },
    read() {
      const { fault, isGone } = state;
      return fault !== undefined && isGone ? Promise.reject(fault) : Promise.resolve({ fault });
    },
  } as unknown as Keystore;
  const { log, records } = gatheringLog("info");
  const watch = new KeystoreWatch({ keystore, log });
  const look = async () => {
    records.length = 0;
    await watch.look();
    return records.map(({ level, message }) => `${level} ${message}`);
  };
  return { state, look };
}

const DAMAGED = new AppError("ERR_KEYSTORE_UNREADABLE", "damaged");
const AGAIN = "info the keystore can be opened again";

test("tells once that a keystore cannot be opened any more, and once that it can again", async () => {
  const { state, look } = watching();
  for (const isGone of [false, true]) {
    assert.equal(await look(), []);
    state.isGone = isGone;
    state.fault = DAMAGED;
    assert.equal(await look(), []);
    assert.equal(await look(), ["warn damaged"]);
    assert.equal(await look(), []);
    state.fault = undefined;
    assert.equal(await look(), [AGAIN]);
  }
});

test("says nothing of a file that is caught half-written", async () => {
  const { state, look } = watching();
  for (const fault of [DAMAGED, undefined, DAMAGED, undefined]) {
    state.fault = fault;
    assert.equal(await look(), []);
  }
});

test("tells when something else is wrong", async () => {
  const { state, look } = watching();
  state.fault = DAMAGED;
  await look();
  await look();
  state.fault = new AppError("ERR_KEYSTORE_IO", "gone");
  assert.equal(await look(), []);
  assert.equal(await look(), ["warn gone"]);
  state.fault = undefined;
  assert.equal(await look(), [AGAIN]);
});

test("tells once of all that others have changed since the last look", async () => {
  const { state, look } = watching();
  state.reloads = 5;
  assert.equal(await look(), ["info another program has changed the keystore"]);
  assert.equal(await look(), []);
});

test.run();
