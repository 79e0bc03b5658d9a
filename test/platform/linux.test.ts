import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  constants,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { socketDescriptor } from "../../src/platform/socket_descriptor.ts";
import { unitOf } from "../../src/platform/peer_process.ts";
import { failure, platform, withFolder } from "../support/open_keystore.ts";

const onLinux = process.platform === "linux" ? test : () => undefined;

onLinux("knows both ends of a connection", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "s");
    const server = createServer().listen(path);
    await once(server, "listening");
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const client = connect(path);
    await once(client, "connect");
    const [peer] = await accepted;
    const seen = [client, peer].map((socket) => platform.peerCredentials(socket));
    client.destroy();
    peer.destroy();
    await new Promise((resolve) => server.close(resolve));
    assert.is(platform.peerCredentials(peer), undefined);
    // The runtimes differ in whether getgroups() names the primary group.
    const groups = (list: readonly number[]) => [...new Set([...list, process.getegid?.()])].sort();
    for (const credentials of seen) {
      assert.is(credentials?.uid, process.geteuid?.());
      assert.is(credentials?.gid, process.getegid?.());
      assert.is(credentials?.pid, process.pid);
      assert.equal(groups(credentials?.groups ?? []), groups(process.getgroups?.() ?? []));
    }
  });
});

onLinux("knows where a socket listens that is handed over", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "s");
    const server = createServer().listen(path);
    await once(server, "listening");
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const client = connect(path);
    const [peer] = await accepted;
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    assert.is(platform.listeningPath(fd), path);
    for (const other of [socketDescriptor(client), socketDescriptor(peer), 0, -1, 9_999]) {
      assert.is(platform.listeningPath(other), undefined);
    }
    client.destroy();
    peer.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});

onLinux("knows whether a pipe has room", async () => {
  await withFolder((folder) => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const octets = new Uint8Array(4_096);
    for (let count = 0; count < 16; count++) {
      assert.ok(platform.hasRoom(pipe), `${count}`);
      assert.is(writeSync(pipe, octets), octets.length);
    }
    assert.not(platform.hasRoom(pipe));
    readSync(pipe, octets);
    assert.ok(platform.hasRoom(pipe));
    closeSync(pipe);
    // Writing fails, and does not wait.
    assert.ok(platform.hasRoom(pipe));
  });
});

onLinux("tells a service manager that is not there nothing", () => {
  assert.is(platform.notify?.("/nowhere/notify", "READY=1"), false);
});

onLinux("tells what runs at the other end, as long as it runs", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "s");
    const server = createServer().listen(path);
    await once(server, "listening");
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const script = `require("net").connect(${JSON.stringify(path)}); process.stdin.resume()`;
    const node = join(import.meta.dirname, "..", "..", "node_modules", ".bin", "node");
    const child = spawn(node, ["--eval", script], { stdio: ["pipe", "ignore", "inherit"] });
    const [peer] = await accepted;
    const facts = platform.peerProcess(peer);
    assert.is(facts?.executable, realpathSync(node));
    assert.is(platform.ownProcess()?.executable, realpathSync(process.execPath));
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.is(platform.peerProcess(peer), undefined, "whoever has its pid by now");
    peer.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});

onLinux("finds the unit in what the kernel says of control groups", () => {
  const unified = "0::/user.slice/user-1000.slice/session-3.scope\n";
  assert.is(unitOf(unified), "session-3.scope");
  const own = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/metricshub.service\n";
  assert.is(unitOf(own), "user@1000.service", "not what a user calls his own");
  const service = "12:pids:/x.service\n1:name=systemd:/system.slice/apikey.service/inner\n0::/\n";
  assert.is(unitOf(service), "apikey.service");
  assert.is(unitOf("4:memory:/docker/1.scope\n0::/\n"), undefined);
});

onLinux("gives a socket its mode at birth and restores the umask", async () => {
  await withFolder(async (folder) => {
    const before = process.umask();
    for (const mode of [0o600, 0o660, 0o666]) {
      const path = join(folder, mode.toString(8));
      const server = platform.withMode(mode, () => createServer().listen(path));
      assert.is(statSync(path).mode & 0o777, mode);
      await new Promise((resolve) => server.close(resolve));
    }
    assert.throws(() =>
      platform.withMode(0o600, () => {
        throw new Error();
      })
    );
    assert.is(process.umask(), before);
  });
});

onLinux("lets one process at a time have a lock, and tells who has it", async () => {
  await withFolder((folder) => {
    const path = join(folder, "lock");
    assert.is(platform.lockHolder(path), undefined);
    const [lock, next] = [platform.openLock(path), platform.openLock(path)];
    assert.is(statSync(path).mode & 0o777, 0o600);
    assert.ok(lock.tryAcquire("daemon"));
    assert.not(next.tryAcquire("command"));
    assert.equal(next.holder(), { pid: process.pid, role: "daemon" });
    assert.equal(platform.lockHolder(path), { pid: process.pid, role: "daemon" });
    lock.close();
    assert.is(platform.lockHolder(path), undefined);
    assert.ok(next.tryAcquire("command"));
    assert.equal(platform.lockHolder(path), { pid: process.pid, role: "command" });
    next.close();
  });
});

onLinux("does not believe what a dead holder wrote", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "lock");
    const child = spawn("true");
    await once(child, "exit");
    writeFileSync(path, JSON.stringify({ pid: child.pid, role: "daemon" }));
    assert.is(platform.lockHolder(path), undefined);
    writeFileSync(path, JSON.stringify({ pid: process.pid, role: "daemon" }));
    assert.is(platform.lockHolder(path), undefined, "alive, but without the lock");
    writeFileSync(path, "garbage");
    assert.is(platform.lockHolder(path), undefined);
  });
});

onLinux("locks nothing but a plain file of its own", async () => {
  await withFolder(async (folder) => {
    const victim = join(folder, "victim");
    writeFileSync(victim, "precious");
    symlinkSync(victim, join(folder, "symbolic"));
    linkSync(victim, join(folder, "hard"));
    mkdirSync(join(folder, "folder"));
    await failure("ELOOP", () => platform.openLock(join(folder, "symbolic")));
    await failure("ERR_KEYSTORE_IO", () => platform.openLock(join(folder, "hard")));
    await failure("EISDIR", () => platform.openLock(join(folder, "folder")));
    assert.is(statSync(victim).size, "precious".length);
  });
});

onLinux("empties no file that only has a lock file's name", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "Cargo.lock");
    writeFileSync(path, "root content");
    await failure("ERR_KEYSTORE_IO", () => platform.openLock(path).tryAcquire("command"));
    assert.is(statSync(path).size, "root content".length);
  });
});

onLinux("takes a lock file that was not written to its end", async () => {
  await withFolder((folder) => {
    for (const text of ["", "{", '{"pid":', '{"pid":12,"ro']) {
      const path = join(folder, "lock");
      writeFileSync(path, text);
      const lock = platform.openLock(path);
      assert.ok(lock.tryAcquire("command"), text);
      assert.equal(platform.lockHolder(path), { pid: process.pid, role: "command" });
      lock.close();
    }
  });
});

onLinux("does not wait for the other end of a FIFO", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "lock");
    execFileSync("mkfifo", [path]);
    await failure("ERR_KEYSTORE_IO", () => platform.openLock(path));
    await failure("ERR_KEYSTORE_IO", () => platform.lockHolder(path));
  });
});

onLinux("finds groups by name", () => {
  assert.is(platform.groupId("root"), 0);
  assert.is(platform.groupId("no-such-group-here"), undefined);
});

onLinux("leaves no core dump behind", () => {
  platform.protectMemory();
  // What the kernel then shows of this process belongs to root.
  assert.is(statSync("/proc/self/environ").uid, 0);
});

test.run();
