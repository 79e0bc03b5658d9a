import { test } from "uvu";
import * as assert from "uvu/assert";
import { setTimeout as sleep } from "node:timers/promises";
import { LogOutput } from "../../src/log/output.ts";

/** A pipe that its reader empties when the test says so. */
function pipe(capacity: number) {
  const state = { text: "", room: capacity, error: undefined as string | undefined, writes: 0 };
  const output = new LogOutput({
    write(octets) {
      state.writes++;
      if (state.error !== undefined) {
        throw Object.assign(new Error(state.error), { code: state.error });
      }
      const written = Math.min(octets.length, state.room);
      state.room -= written;
      state.text += Buffer.from(octets.subarray(0, written)).toString("latin1");
      return written;
    },
    hasRoom: () => state.room > 0,
    describeLeftOut: (leftOut) => `${leftOut} left out\n`,
  });
  return { state, output };
}

test("a line is there when write returns", () => {
  const { state, output } = pipe(Infinity);
  const line = `${"x".repeat(10_000)}\n`;
  output.write(line);
  assert.is(state.text, line);
});

test("nobody waits for a reader that does not read, and every line comes when it does", async () => {
  const { state, output } = pipe(5);
  const lines = Array.from({ length: 100 }, (_, n) => `line ${n}\n`);
  const startedAt = performance.now();
  for (const line of lines) output.write(line);
  assert.ok(performance.now() - startedAt < 100);
  assert.is(state.text, "line ");
  state.room = 20;
  await sleep(120);
  assert.is(state.text, lines.join("").slice(0, 25));
  state.room = Infinity;
  await output.close();
  assert.is(state.text, lines.join(""));
});

test("what does not fit is left out and counted, as whole lines", async () => {
  const { state, output } = pipe(2_000);
  const line = `${"x".repeat(999)}\n`;
  for (let count = 0; count < 1_000; count++) output.write(line);
  state.room = Infinity;
  output.write("the last\n");
  await output.close();
  const lines = state.text.split("\n");
  const [leftOut, last] = lines.slice(-3);
  const whole = lines.filter((text) => text.length === 999).length;
  assert.ok(whole > 200 && whole < 300, `${whole}`);
  assert.equal([leftOut, last, lines.length], [`${1_000 - whole} left out`, "the last", whole + 3]);
});

test("a pipe that only says EAGAIN counts as full", async () => {
  const { state, output } = pipe(Infinity);
  state.error = "EAGAIN";
  output.write("a\n");
  state.error = undefined;
  await sleep(80);
  assert.is(state.text, "a\n");
});

test("where nobody can read, nothing is said and nothing waits", async () => {
  for (const error of ["EPIPE", "EBADF", "ENOSPC", "EIO"]) {
    const { state, output } = pipe(Infinity);
    state.error = error;
    for (let count = 0; count < 10; count++) output.write(`${"x".repeat(9_000)}\n`);
    assert.is(state.writes, 10, error);
    const startedAt = performance.now();
    await output.close();
    assert.ok(performance.now() - startedAt < 100);
    state.error = undefined;
    output.write("b\n");
    assert.is(state.text, "b\n");
  }
});

test("the end does not wait long for a reader", async () => {
  const { output } = pipe(0);
  output.write("a\n");
  const startedAt = performance.now();
  await output.close();
  assert.ok(performance.now() - startedAt < 1_500);
});

test.run();
