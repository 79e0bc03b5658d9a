import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { CommandContext } from "../../src/cli/command.ts";
import { Progress } from "../../src/cli/progress.ts";

/** As much of a terminal as a bar needs, and what has been written to it. */
function terminal() {
  let written = "";
  const stream = new Writable({
    write(chunk, _, done) {
      written += chunk;
      done();
    },
  });
  Object.assign(stream, { isTTY: true, columns: 80 });
  const context = { errorTerminal: () => stream as unknown as NodeJS.WriteStream };
  return { context: context as CommandContext, stream, written: () => written };
}

const OPTIONS = { label: "working", total: 10, showsCount: true, asJson: false };
const CLEARED = "\x1b[2K";

test("what ends within a second shows no bar, nor is there one where programs read along", async () => {
  const [quick, json, share] = [terminal(), terminal(), terminal()];
  const none = { errorTerminal: () => undefined } as unknown as CommandContext;
  {
    using _json = new Progress(json.context, { ...OPTIONS, asJson: true });
    using _none = new Progress(none, OPTIONS);
    using _share = new Progress(share.context, { ...OPTIONS, showsCount: false });
    {
      using progress = new Progress(quick.context, OPTIONS);
      progress.advance(3);
      await sleep(100);
    }
    await sleep(1_150);
    assert.match(share.written(), "0%");
    assert.not.match(share.written(), "0/10");
  }
  assert.equal([quick.written(), json.written()], ["", ""]);
});

test("what takes longer shows how far it has got, lets others write, and leaves no trace", async () => {
  const { context, stream, written } = terminal();
  {
    using progress = new Progress(context, OPTIONS);
    await sleep(1_150);
    assert.match(written(), "working [");
    assert.match(written(), "0/10");
    progress.advance(5, 20);
    progress.around(() => {
      assert.ok(written().endsWith(CLEARED));
      stream.write("a line\n");
    });
    assert.match(written(), /a line\n$/);
    await sleep(200);
    assert.match(written(), /a line\n.*25% 5\/20/s);
  }
  assert.ok(written().endsWith(CLEARED));
  // Whoever is killed must leave a terminal that works.
  assert.not.ok(written().includes("\x1b[?"));
  const end = written();
  await sleep(200);
  assert.is(written(), end);
});

test.run();
