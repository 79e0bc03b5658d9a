import { test } from "uvu";
import * as assert from "uvu/assert";
import { ServiceManager } from "../../src/daemon/service_manager.ts";

const ENV = { NOTIFY_SOCKET: "/run/systemd/notify", WATCHDOG_USEC: "20000000" };

function manager(env: Readonly<Record<string, string | undefined>>) {
  const sent: [path: string, state: string][] = [];
  const notify = (path: string, state: string) => sent.push([path, state]) > 0;
  return { sent, manager: new ServiceManager(env, { self: { pid: 7 }, notify }) };
}

test("says what systemd wants to know, a line each", () => {
  const { sent, manager: systemd } = manager(ENV);
  systemd.ready("two\nlines");
  systemd.alive();
  systemd.reloading("again");
  systemd.stopping("enough");
  assert.equal(sent.map(([path]) => path), Array(4).fill(ENV.NOTIFY_SOCKET));
  assert.equal(sent.map(([, state]) => state), [
    "READY=1\nSTATUS=two lines",
    "WATCHDOG=1",
    "RELOADING=1\nSTATUS=again",
    "STOPPING=1\nSTATUS=enough",
  ]);
});

for (const socket of [undefined, "relative", ""]) {
  test(`says nothing where nobody listens: ${socket}`, () => {
    const { sent, manager: nobody } = manager({ ...ENV, NOTIFY_SOCKET: socket });
    nobody.ready("here");
    assert.equal(sent, []);
    assert.is(nobody.isThere, false);
    assert.is(nobody.watchdogMs, undefined);
  });
}

test("takes a watchdog's time limit that is for this process", () => {
  assert.is(manager(ENV).manager.watchdogMs, 20_000);
  assert.is(manager({ ...ENV, WATCHDOG_PID: "7" }).manager.watchdogMs, 20_000);
  for (const other of [{ WATCHDOG_PID: "8" }, { WATCHDOG_USEC: "0" }, { WATCHDOG_USEC: "x" }]) {
    assert.is(manager({ ...ENV, ...other }).manager.watchdogMs, undefined);
  }
});

test.run();
