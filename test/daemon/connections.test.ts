import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Connections, MAX_CONNECTIONS_PER_UID } from "../../src/daemon/connections.ts";
import { failure } from "../support/open_keystore.ts";

function socketOf(uid: number): Socket {
  return Object.assign(new EventEmitter(), { uid }) as unknown as Socket;
}

function connections(): Connections {
  return new Connections((socket) => {
    const { uid } = socket as unknown as { uid: number };
    return uid < 0 ? undefined : { uid, gid: uid, groups: [], pid: 1 };
  });
}

test("limits each user, and only that user", async () => {
  const open = connections();
  const sockets = Array.from({ length: MAX_CONNECTIONS_PER_UID }, () => socketOf(1000));
  for (const socket of sockets) open.accept(socket);
  await failure("ERR_TOO_MANY_CONNECTIONS", () => open.accept(socketOf(1000)));
  open.accept(socketOf(1001));
  open.accept(socketOf(0));
});

test("counts a connection until it is closed, a refused one too", async () => {
  const open = connections();
  const sockets = Array.from({ length: MAX_CONNECTIONS_PER_UID }, () => socketOf(7));
  for (const socket of sockets) open.accept(socket);
  const refused = socketOf(7);
  await failure("ERR_TOO_MANY_CONNECTIONS", () => open.accept(refused));
  sockets[0]?.emit("close");
  await failure("ERR_TOO_MANY_CONNECTIONS", () => open.accept(socketOf(7)));
  refused.emit("close");
  sockets[1]?.emit("close");
  sockets[2]?.emit("close");
  open.accept(socketOf(7));
});

test("counts those whom nobody knows together, and knows nothing of them", async () => {
  const open = connections();
  const stranger = socketOf(-1);
  open.accept(stranger);
  assert.is(open.peer(stranger), undefined);
  for (let i = 1; i < MAX_CONNECTIONS_PER_UID; i++) open.accept(socketOf(-1));
  await failure("ERR_TOO_MANY_CONNECTIONS", () => open.accept(socketOf(-1)));
});

test.run();
