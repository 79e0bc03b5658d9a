// Who may call what, for every route that there is, by the real uids of real processes.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Access, accessOf, type AccessPolicy } from "../../src/api/access.ts";
import { createApp } from "../../src/api/app.ts";
import { answerDirectly } from "../../src/api/direct.ts";
import { NO_AUDIT } from "../../src/service/audit.ts";
import { ProblemCounts } from "../../src/api/problem.ts";
import type { Route } from "../../src/api/route.ts";
import { createRoutes, type RouteDependencies } from "../../src/api/routes.ts";
import { allowancesByAccess } from "../../src/daemon/allowances.ts";
import { Connections } from "../../src/daemon/connections.ts";
import { startDaemon as startServer } from "../../src/daemon/daemon.ts";
import { DEFAULT_ALLOWANCES } from "../../src/model/allowance.ts";
import { startDaemon } from "../support/daemon.ts";
import { GAMES, USERS } from "../support/groups.ts";
import { silentRequestLog } from "../support/gathering_log.ts";
import { type Answer, jsonRequest, type Request, send } from "../support/http.ts";
import { platform } from "../support/open_keystore.ts";
import { requiring } from "../support/requirements.ts";
import { sendAs } from "../support/send_as.ts";
import { KEYSTORE_NAME, temporaryFolder } from "../support/temporary_folder.ts";
import type { User } from "../support/users.ts";

const KEY = "eb47c2be-927f-495f-aa97-0ba0f60b8986";

const CALLERS: readonly { readonly who: string; readonly user: User; readonly may: Access }[] = [
  { who: "root", user: { uid: 0 }, may: "admin" },
  { who: "admin group", user: { uid: 1000, groups: [GAMES.gid] }, may: "admin" },
  { who: "verifier group", user: { uid: 33, groups: [USERS.gid] }, may: "verifier" },
  {
    who: "verifier group, primary",
    user: { uid: 1000, gid: USERS.gid },
    may: "verifier",
  },
  { who: "other", user: { uid: 1000 }, may: "anyone" },
  { who: "other, with root's group", user: { uid: 1000, gid: 0 }, may: "anyone" },
  { who: "65534", user: { uid: 65534, gid: 65534, groups: [65534] }, may: "anyone" },
];

/** By access, and without the code that decides it. */
const ADMITTED: Readonly<Record<Access, readonly Access[]>> = {
  admin: ["admin", "verifier", "anyone"],
  verifier: ["verifier", "anyone"],
  anyone: ["anyone"],
};

const rootTest = requiring(test, "linux", "root", "setpriv", "unshare");

// None of them is called, so they need nothing.
const ROUTES = createRoutes({ server: {} } as RouteDependencies);

/** What does no harm to the keystore, whoever asks: bodies that no route takes. */
function requestFor({ method, path }: Pick<Route, "method" | "path">): Request {
  const target = path.replace(/:\w+/g, "nobody");
  if (method === "POST") return jsonRequest(method, target, { nonsense: true });
  return { method, path: target, headers: { Authorization: `Bearer ${KEY}` } };
}

function assertAccess(answer: Answer | null | undefined, admitted: boolean, about: string): void {
  assert.ok(answer, about);
  assert.is(answer.status !== 403, admitted, `${about}: ${answer.status} ${answer.body}`);
  assert.ok(answer.status > 0 && answer.status < 500, `${about}: ${answer.status}`);
  if (!admitted) assert.is(JSON.parse(answer.body).code, "ERR_FORBIDDEN", about);
}

test("every route says who may call it, and each kind is there", () => {
  const accesses = new Set(ROUTES.map(({ access }) => access));
  assert.equal([...accesses].sort(), Object.keys(ADMITTED).sort());
});

for (const { who, user, may } of CALLERS) {
  rootTest(`${who} may call what is for ${ADMITTED[may].join(", ")}`, async () => {
    using folder = temporaryFolder(0o755);
    const keystore = folder.keystore("jdk17-metricshub.p12");
    await using daemon = await startDaemon(keystore, folder.file("apikey.sock"), [
      ...["--admin-group", GAMES.name, "--verifier-group", USERS.name],
    ]);
    const answers = await sendAs(user, daemon.socket, ROUTES.map(requestFor));
    for (const [index, { method, path, access }] of ROUTES.entries()) {
      assertAccess(answers[index], ADMITTED[may].includes(access), `${method} ${path}`);
    }
  });
}

rootTest("a socket for one group is closed to everybody else", async () => {
  using folder = temporaryFolder(0o755);
  const keystore = folder.keystore("jdk17-metricshub.p12");
  await using daemon = await startDaemon(keystore, folder.file("apikey.sock"), [
    ...["--verifier-group", USERS.name],
  ]);
  const request = { method: "GET", path: "/v1/auth", headers: { "X-API-Key": KEY } };
  const [member] = await sendAs({ uid: 33, groups: [USERS.gid] }, daemon.socket, [request]);
  assert.equal([member?.status, member?.headers["x-apikey-alias"]], [204, "mcp-openai"]);
  assert.equal(await sendAs({ uid: 33 }, daemon.socket, [request]), [null]);
});

test("nobody may call anything where the platform cannot tell who calls", async () => {
  using folder = temporaryFolder();
  const policy: AccessPolicy = { adminUids: [0, -1, 65534], adminGids: [0], verifierGids: [0] };
  const called: string[] = [];
  const routes = ROUTES.map((route): Route => ({
    ...route,
    respond() {
      called.push(route.access);
      return Promise.resolve({ status: 204 });
    },
    ...(route.respondNow && {
      respondNow() {
        called.push(route.access);
        return { status: 204 };
      },
    }),
  }));
  const log = () => undefined;
  const app = createApp({
    routes,
    policy,
    audit: NO_AUDIT,
    problems: new ProblemCounts(),
    maxStreamMs: 60_000,
    log,
  });
  const socketPath = folder.file(`${KEYSTORE_NAME}.sock`);
  const server = await startServer({
    socketPath,
    inherited: undefined,
    socketAccess: { mode: 0o600, group: undefined },
    platform,
    connections: new Connections({
      allowances: allowancesByAccess(DEFAULT_ALLOWANCES),
      identify: () => undefined,
      accessOf: (peer) => accessOf(peer, policy),
      nowMs: () => performance.now(),
    }),
    fetch: (request, environment) => app.fetch(request, environment),
    answerDirectly: answerDirectly(routes, policy),
    requestLog: silentRequestLog(),
    log,
  });
  try {
    for (const route of routes) {
      const answer = await send(socketPath, requestFor(route));
      assertAccess(answer, route.access === "anyone", `${route.method} ${route.path}`);
    }
    assert.ok(called.every((access) => access === "anyone"), called.join());
  } finally {
    await server.stop();
  }
});

test.run();
