import { EventEmitter } from "node:events";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { logLastWords } from "../../src/main/last_words.ts";

test("a daemon dies of what nobody catches, and not before its log says so", async () => {
  for (const error of [new TypeError("lost"), "lost"]) {
    const steps: string[] = [];
    const ended = Promise.withResolvers<void>();
    const process = Object.assign(new EventEmitter(), {
      exit(status: number) {
        steps.push(`exit ${status}`);
        ended.resolve();
      },
    });
    logLastWords(process, {
      failed: (found) => steps.push((found as Error).message),
      close: async () => void steps.push(await Promise.resolve("written")),
    });
    process.emit("uncaughtException", error);
    await ended.promise;
    assert.equal(steps, ["lost", "written", "exit 70"]);
  }
});

test.run();
