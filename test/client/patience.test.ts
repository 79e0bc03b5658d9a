import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { withPatience } from "../../src/client/patience.ts";

test("says once that an answer takes long, and nothing of one that does not", async () => {
  let said = 0;
  let delayMs = 0;
  const send = () => sleep(delayMs, { status: 200 });
  const patient = withPatience({ send }, () => said++);
  const request = { method: "GET", path: "/" } as const;
  await patient.send(request);
  assert.is(said, 0);
  delayMs = 3_200;
  await Promise.all([patient.send(request), patient.send(request)]);
  assert.is(said, 1);
});

test.run();
