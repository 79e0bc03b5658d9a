import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { commandLock, daemonLock, type WriterLockOptions } from "../../src/keystore/writer_lock.ts";
import type { LockHolder, Platform } from "../../src/platform/platform.ts";
import { failure, platform, withFolder } from "../support/open_keystore.ts";

function optionsIn(folder: string, timeoutMs: number, on: Platform = platform): WriterLockOptions {
  return {
    keystorePath: join(folder, "a.p12"),
    platform: on,
    mayBeDenied: false,
    timeoutMs,
    createFolder: false,
  };
}

test("lets one command write at a time, each after the other", async () => {
  await withFolder(async (folder) => {
    let inside = 0;
    let most = 0;
    const write = () =>
      commandLock(optionsIn(folder, 10_000)).run(async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 2));
        inside--;
      });
    await Promise.all(Array.from({ length: 20 }, write));
    assert.is(most, 1);
  });
});

test("gives the lock back after work that failed", async () => {
  await withFolder(async (folder) => {
    const lock = commandLock(optionsIn(folder, 0));
    await failure(
      "ERR_X",
      () => lock.run(() => Promise.reject(Object.assign(new Error(), { code: "ERR_X" }))),
    );
    assert.is(await lock.run(() => Promise.resolve("next")), "next");
  });
});

test("names who keeps the lock too long", async () => {
  await withFolder(async (folder) => {
    await commandLock(optionsIn(folder, 0)).run(async () => {
      const waiting = () => commandLock(optionsIn(folder, 30)).run(() => Promise.resolve());
      const text = await failure("ERR_KEYSTORE_IN_USE", waiting);
      assert.ok(text.includes(`pid ${process.pid}`), text);
    });
  });
});

test("waits as long as the lock changes hands", async () => {
  await withFolder(async (folder) => {
    const started = performance.now();
    const inLine: Platform = {
      ...platform,
      openLock: () => ({
        descriptor: -1,
        tryAcquire: () => performance.now() - started > 200,
        isInPlace: () => true,
        holder: (): LockHolder => ({ pid: Math.floor(performance.now()), role: "command" }),
        close: () => undefined,
      }),
    };
    // Far longer than one writer may take, but none of them takes it.
    assert.is(await commandLock(optionsIn(folder, 60, inLine)).run(() => Promise.resolve(1)), 1);
  });
});

test("does not wait for a daemon, not even to read", async () => {
  await withFolder(async (folder) => {
    await daemonLock(optionsIn(folder, 0));
    const command = commandLock(optionsIn(folder, 60_000));
    for (
      const attempt of [() => command.run(() => Promise.resolve()), () => command.assertReadable()]
    ) {
      const text = await failure("ERR_KEYSTORE_IN_USE", attempt);
      assert.ok(text.includes(`pid ${process.pid}`), text);
    }
    await failure("ERR_KEYSTORE_IN_USE", () => daemonLock(optionsIn(folder, 60_000)));
  });
});

test("notices that its lock file was removed, and lets one writer have the new one", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.p12.lock");
    const daemon = await daemonLock(optionsIn(folder, 0));
    rmSync(path);
    assert.is(await daemon.run(() => Promise.resolve("mine again")), "mine again");
    await failure("ERR_KEYSTORE_IN_USE", () => commandLock(optionsIn(folder, 0)).run(unreachable));
    rmSync(path);
    await daemonLock(optionsIn(folder, 0));
    await failure("ERR_KEYSTORE_IN_USE", () => daemon.run(unreachable));
  });
});

test("does not take the lock on a file that was removed while it waited", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.p12.lock");
    let release = () => {};
    const held = new Promise<void>((resolve) => release = resolve);
    const first = commandLock(optionsIn(folder, 0)).run(() => held);
    const second = commandLock(optionsIn(folder, 10_000)).run(async () => {
      await failure(
        "ERR_KEYSTORE_IN_USE",
        () => commandLock(optionsIn(folder, 0)).run(unreachable),
      );
      return "alone";
    });
    rmSync(path);
    release();
    await first;
    assert.is(await second, "alone");
  });
});

function unreachable(): never {
  throw new Error("two writers at once");
}

test("gets the lock of a process that was killed", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.p12.lock");
    const holder = spawn("flock", [path, "sleep", "60"], { detached: true });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await failure(
      "ERR_KEYSTORE_IN_USE",
      () => commandLock(optionsIn(folder, 20)).run(() => Promise.resolve()),
    );
    process.kill(-(holder.pid ?? 0), "SIGKILL");
    await once(holder, "exit");
    assert.is(await commandLock(optionsIn(folder, 5_000)).run(() => Promise.resolve(1)), 1);
  });
});

test("says what is wrong with the folder", async () => {
  await withFolder(async (folder) => {
    const options = optionsIn(join(folder, "missing"), 0);
    await failure("ERR_KEYSTORE_IO", () => commandLock(options).run(() => Promise.resolve()));
    commandLock(options).assertReadable();
    mkdirSync(join(folder, "b.p12.lock"));
    const occupied = { ...optionsIn(folder, 0), keystorePath: join(folder, "b.p12") };
    await failure("ERR_KEYSTORE_IO", () => commandLock(occupied).run(() => Promise.resolve()));
  });
});

test.run();
