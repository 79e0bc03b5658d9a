import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { startWatchdog } from "../../src/daemon/watchdog.ts";

test("gives signs of life as long as the probe works, and says why it does not", async () => {
  let alive = 0;
  const errors: unknown[] = [];
  const failures = [new Error("first"), new Error("second")];
  const end = startWatchdog({
    timeoutMs: 15,
    probe: () => alive < 2 ? Promise.resolve() : Promise.reject(failures[errors.length]),
    alive: () => alive++,
    onError: (error) => {
      errors.push(error);
      if (errors.length === 2) end();
    },
  });
  for (let turns = 0; errors.length < 2 && turns < 1_000; turns++) await sleep(1);
  await sleep(20);
  assert.is(alive, 2);
  assert.equal(errors, failures);
});

test("a probe that hangs gives no sign of life", async () => {
  let probes = 0;
  const end = startWatchdog({
    timeoutMs: 3,
    probe: () => {
      probes++;
      return new Promise(() => undefined);
    },
    alive: () => assert.unreachable(),
    onError: () => assert.unreachable(),
  });
  await sleep(20);
  end();
  assert.is(probes, 1);
});

test.run();
