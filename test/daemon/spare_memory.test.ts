import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { platform } from "../support/open_keystore.ts";

test("gives back what is not in use any more", () => {
  const resident = () => process.memoryUsage().rss / 1e6;
  const before = resident();
  let texts: string[] | undefined = Array.from({ length: 1_000_000 }, (_, i) => `text ${i} `);
  const full = resident();
  assert.ok(full > before + 40, `${before} MB, then ${full} MB`);
  texts = undefined;
  assert.is(texts, undefined);
  platform.releaseSpareMemory();
  // Deno's engine cannot be asked.
  if (process.versions["deno"] === undefined) {
    assert.ok(resident() < full - 40, `${full} MB, then ${resident()} MB`);
  }
});

test.run();
