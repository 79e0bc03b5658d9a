import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Access } from "../../src/api/access.ts";
import { allowancesByAccess } from "../../src/daemon/allowances.ts";
import { Connections } from "../../src/daemon/connections.ts";
import { DEFAULT_ALLOWANCES, MAX_CONNECTIONS } from "../../src/model/allowance.ts";

const ALLOWANCES = allowancesByAccess(DEFAULT_ALLOWANCES);

const LIMIT = ALLOWANCES.anyone.connections;

function socketOf(uid: number): Socket {
  return Object.assign(new EventEmitter(), { uid }) as unknown as Socket;
}

/** In which time stands still, unless told otherwise. */
function connections(access: Access = "anyone", nowMs = () => 0): Connections {
  return new Connections({
    identify: (socket) => {
      const { uid } = socket as unknown as { uid: number };
      return uid < 0 ? undefined : { uid, gid: uid, groups: [], pid: 1 };
    },
    accessOf: (peer) => peer?.uid === 0 ? "admin" : access,
    allowances: ALLOWANCES,
    nowMs,
  });
}

function fill(open: Connections, uid: number, count = LIMIT): Socket[] {
  return Array.from({ length: count }, () => {
    const socket = socketOf(uid);
    assert.ok(open.accept(socket));
    return socket;
  });
}

test("limits each user, and only that user", () => {
  const open = connections();
  fill(open, 1000);
  assert.is(open.accept(socketOf(1000)), undefined);
  assert.ok(open.accept(socketOf(1001)));
  assert.ok(open.accept(socketOf(0)));
  assert.equal([open.open, open.accepted, open.turnedAway], [LIMIT + 2, LIMIT + 2, 1]);
});

test("counts who is there, not how often", () => {
  const open = connections();
  const [first] = [...fill(open, 1000, 3), ...fill(open, 0, 2), ...fill(open, -1, 1)];
  assert.is(open.users, 3);
  assert.ok(first);
  first.emit("close");
  assert.is(open.users, 3);
  const left = connections();
  for (const socket of fill(left, 1000, 2)) socket.emit("close");
  assert.is(left.users, 0);
});

test("lets those have more who may do more", () => {
  for (const access of ["anyone", "verifier", "admin"] as const) {
    const open = connections(access);
    fill(open, 1000, ALLOWANCES[access].connections);
    assert.is(open.accept(socketOf(1000)), undefined, access);
  }
});

test("counts a connection until it is closed, and not one that it turned away", () => {
  const open = connections();
  const [first] = fill(open, 7);
  const refused = socketOf(7);
  assert.is(open.accept(refused), undefined);
  refused.emit("close");
  assert.is(open.accept(socketOf(7)), undefined);
  first?.emit("close");
  assert.ok(open.accept(socketOf(7)));
  assert.is(open.accept(socketOf(7)), undefined);
});

test("counts those whom nobody knows together, and knows nothing of them", () => {
  const open = connections();
  const [stranger] = fill(open, -1);
  assert.is(stranger && open.get(stranger)?.peer, undefined);
  assert.is(open.accept(socketOf(-1)), undefined);
});

test("turns away who comes and goes too often, until time has passed", () => {
  let nowMs = 0;
  const open = connections("anyone", () => nowMs);
  const comeAndGo = (uid: number) => {
    const socket = socketOf(uid);
    const isAccepted = open.accept(socket) !== undefined;
    socket.emit("close");
    return isAccepted;
  };
  let count = 0;
  while (comeAndGo(1000)) count++;
  assert.ok(count > 0 && count < ALLOWANCES.anyone.requestsPerSecond, String(count));
  assert.ok(comeAndGo(1001));
  for (let i = 0; i < 10_000; i++) assert.ok(comeAndGo(0));
  nowMs += 1_000;
  assert.ok(comeAndGo(1000));
});

test("keeps room for administrators, however many users there are", () => {
  const open = connections();
  const users = MAX_CONNECTIONS / LIMIT;
  for (let uid = 1; uid <= users; uid++) fill(open, uid);
  assert.is(open.accept(socketOf(users + 1)), undefined);
  fill(open, 0, ALLOWANCES.admin.connections);
});

test("forgets users who are gone, and not those who have used up what they had", () => {
  let nowMs = 0;
  const open = connections("anyone", () => nowMs);
  const spender = socketOf(1);
  const account = open.accept(spender)?.account;
  while (account?.take(1));
  spender.emit("close");
  for (let uid = 2; uid < 2_000; uid++) {
    nowMs += 1;
    const [socket] = fill(open, uid, 1);
    socket?.emit("close");
    assert.is(open.accept(socketOf(1))?.account ?? account, account);
    while (account?.take(1));
  }
});

test("goes on counting what is open when there are new limits", () => {
  for (const uid of [7, -1]) {
    const open = connections();
    fill(open, uid, 3);
    const less = { connections: 4, requestsPerSecond: 100 };
    open.allow(allowancesByAccess({ verifiers: less, anyone: less }));
    assert.ok(open.accept(socketOf(uid)));
    assert.is(open.accept(socketOf(uid)), undefined, "the fifth");
    assert.is(open.users, 1);
  }
});

test("holds those to new limits who are known already", () => {
  const open = connections();
  const [socket] = fill(open, 7, 1);
  const account = open.get(socket as Socket)?.account;
  const less = { connections: 16, requestsPerSecond: 8 };
  open.allow(allowancesByAccess({ verifiers: less, anyone: less }));
  assert.ok(account?.take(2));
  assert.not(account?.take(1));
});

test.run();
