// Who gets in: whoever the kernel says is an administrator, and nobody else by any means.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createRoutes, type RouteDependencies } from "../../src/api/routes.ts";
import { COMMAND } from "../support/command.ts";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { apikey, environment, execute, type Outcome } from "../support/execute.ts";
import { sampled } from "../support/extent.ts";
import { GAMES } from "../support/groups.ts";
import { type Answer, jsonRequest, type Request, send } from "../support/http.ts";
import { requiring } from "../support/requirements.ts";
import { sendAs } from "../support/send_as.ts";
import {
  KEYSTORE_NAME,
  type TemporaryFolder,
  temporaryFolder,
} from "../support/temporary_folder.ts";
import { asUser, RUNTIME, type User } from "../support/users.ts";

const STRANGERS: readonly { readonly who: string; readonly user: User }[] = [
  { who: "uid 1000", user: { uid: 1000 } },
  { who: "uid 65534, which stands for nobody", user: { uid: 65534 } },
  {
    who: "uid 1000 in the groups of root and nobody",
    user: { uid: 1000, gid: 0, groups: [65534] },
  },
  { who: "root of a user namespace", user: { uid: 1000, asMappedRoot: true } },
];

const COMMANDS: readonly (readonly string[])[] = [
  ["list"],
  ["create", "x"],
  ["revoke", "mcp-openai"],
  ["status"],
];

const KEY = "eb47c2be-927f-495f-aa97-0ba0f60b8986";

const FORGERIES: readonly Readonly<Record<string, string>>[] = [
  { Authorization: `Bearer ${KEY}` },
  { Authorization: "Basic cm9vdDo=" },
  { "X-Forwarded-User": "root", "X-Remote-User": "root", "Remote-User": "root" },
  { "X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Client-IP": "127.0.0.1" },
  { Forwarded: "for=localhost;by=root;host=localhost" },
  { "X-Peer-Uid": "0", "X-Uid": "0", Uid: "0", Peer: '{"uid":0,"gid":0,"groups":[0]}' },
  { "X-HTTP-Method-Override": "DELETE" },
  { Host: "localhost:0", Referer: "http://localhost/", Cookie: "uid=0; admin=true" },
];

const rootTest = requiring(test, "linux", "root", "setpriv", "unshare");

/** A keystore of root's, and a daemon whose socket everybody may connect to. */
async function openDaemon(folder: TemporaryFolder, ...args: readonly string[]): Promise<Daemon> {
  const keystore = folder.keystore("jdk17-metricshub.p12");
  return await startDaemon(keystore, folder.file("apikey.sock"), ["--socket-mode", "666", ...args]);
}

function problem(answer: Answer | null | undefined): unknown[] {
  return [answer?.status, answer && JSON.parse(answer.body).code];
}

for (const { who, user } of sampled(STRANGERS, 3)) {
  rootTest(`${who} gets 403 from every route and 4 from every command`, async () => {
    using folder = temporaryFolder(0o755);
    await using daemon = await openDaemon(folder);
    const before = readFileSync(folder.file(KEYSTORE_NAME));
    const requests = [
      ...administrativeRequests(),
      ...FORGERIES.map((headers) => ({ method: "GET", path: "/v1/keys", headers })),
    ];
    const answers = await sendAs(user, daemon.socket, requests);
    requests.forEach((request, i) => {
      const about = JSON.stringify(request);
      if (request.method === "HEAD") assert.is(answers[i]?.status, 403, about);
      else assert.equal(problem(answers[i]), [403, "ERR_FORBIDDEN"], about);
    });
    for (const command of COMMANDS) {
      const argv = [...COMMAND, ...command, "--socket", daemon.socket];
      assertDenied(await execute(asUser(user, argv)), command.join(" "));
    }
    assert.equal(readFileSync(folder.file(KEYSTORE_NAME)), before);
  });
}

/** One for every route there is, by every method, and for paths that are none. */
function administrativeRequests(): Request[] {
  // None of them is called, so they need nothing.
  const routes = createRoutes({ server: {} } as RouteDependencies);
  const paths = routes.filter(({ access }) => access === "admin")
    .map(({ path }) => path.replace(/:\w+/g, "mcp-openai"));
  assert.ok(paths.includes("/v1/keys") && paths.includes("/v1/keys/mcp-openai"));
  const others = ["/", "/v1", "/v1/", "/v2/keys", "/v1/keys/", "/v1/keys/nobody", "/v1/keys/a%2Fb"];
  const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
  return [...new Set([...paths, ...others])].flatMap((path) =>
    methods.map((method) => ({
      ...jsonRequest(method, path, { alias: "x" }),
      ...(method === "GET" || method === "HEAD" ? { body: "" } : {}),
    }))
  );
}

function assertDenied({ status, stdout, stderr }: Outcome, about: string): void {
  assert.is(status, 4, `${about}: ${stderr}`);
  assert.is(stdout, "", about);
  assert.match(stderr, /^[^\n]+\n$/, about);
  assert.match(stderr, "administrator", about);
  assert.match(stderr, "sudo", about);
}

rootTest("requests from web pages are refused, root's too", async () => {
  using folder = temporaryFolder();
  await using daemon = await openDaemon(folder);
  for (const Origin of ["http://localhost", "https://example.com", "null", "file://", ""]) {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const request = { ...jsonRequest(method, "/v1/keys", { alias: "x" }), headers: { Origin } };
      const answer = await send(daemon.socket, request);
      assert.equal(problem(answer), [403, "ERR_ORIGIN_FORBIDDEN"], `${method} from '${Origin}'`);
      assert.is(answer.headers["access-control-allow-origin"], undefined);
    }
  }
});

const MEMBERS: readonly { readonly user: User; readonly status: number }[] = [
  { user: { uid: 1000, gid: GAMES.gid }, status: 200 },
  { user: { uid: 1000, groups: [GAMES.gid] }, status: 200 },
  { user: { uid: 1000, groups: [5, 20, GAMES.gid, 7777] }, status: 200 },
  { user: { uid: 65534, gid: 65534, groups: [GAMES.gid] }, status: 200 },
  { user: { uid: 1000, groups: Array.from({ length: 200 }, (_, i) => 5000 + i) }, status: 403 },
  { user: { uid: GAMES.gid, gid: 1000 }, status: 403 },
  { user: { uid: 1000 }, status: 403 },
];

for (const group of [GAMES.name, String(GAMES.gid)]) {
  rootTest(`members of --admin-group ${group} get in, others do not`, async () => {
    using folder = temporaryFolder(0o755);
    await using daemon = await openDaemon(folder, "--admin-group", group);
    for (const { user, status } of MEMBERS) {
      const [answer] = await sendAs(user, daemon.socket, [{ method: "GET", path: "/v1/keys" }]);
      assert.is(answer?.status, status, JSON.stringify(user));
    }
    const member = { uid: 1000, groups: [GAMES.gid] };
    const argv = [...COMMAND, "create", "x", "--socket", daemon.socket];
    const { status, stderr } = await execute(asUser(member, argv));
    assert.is(status, 0, stderr);
  });
}

rootTest("a group of nobody's makes nobody an administrator", async () => {
  using folder = temporaryFolder(0o755);
  await using daemon = await openDaemon(folder, "--admin-group", "65534");
  const user = { uid: 1000, gid: 65534, groups: [65534] };
  const [answer] = await sendAs(user, daemon.socket, [{ method: "GET", path: "/v1/keys" }]);
  assert.is(answer?.status, 403);
});

rootTest(
  "a socket that is closed to a user is exit status 4, one of a group opens to it",
  async () => {
    using folder = temporaryFolder(0o755);
    const keystore = folder.keystore("jdk17-metricshub.p12");
    const socket = folder.file("apikey.sock");
    const args = ["--socket-group", GAMES.name, "--admin-group", GAMES.name];
    await using _daemon = await startDaemon(keystore, socket, args);
    const list = (user: User) => execute(asUser(user, [...COMMAND, "list", "--socket", socket]));
    assertDenied(await list({ uid: 1000 }), "not in the group");
    assert.is((await list({ uid: 1000, groups: [GAMES.gid] })).status, 0);
  },
);

rootTest("without a daemon a keystore is its owner's and root's", async () => {
  using folder = temporaryFolder(0o777);
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const as = (user: User, command: readonly string[]) =>
    execute(asUser(user, [...COMMAND, ...command, "--keystore", keystore]));
  const stranger = { uid: 1000 };
  const mapped = { uid: 1000, asMappedRoot: true } as const;
  // Not even one that everybody could read, or replace.
  for (const mode of [0o600, 0o666]) {
    chmodSync(keystore, mode);
    const before = readFileSync(keystore);
    for (const command of COMMANDS) {
      assertDenied(await as(stranger, command), `${command[0]} of mode ${mode.toString(8)}`);
    }
    assertDenied(await as(mapped, ["list"]), `mapped root, mode ${mode.toString(8)}`);
    assert.equal(readFileSync(keystore), before);
  }
  chmodSync(keystore, 0o600);
  chownSync(keystore, 1000, 1000);
  for (const command of COMMANDS) {
    const { status, stderr } = await as(stranger, command);
    assert.is(status, 0, `${command[0]}: ${stderr}`);
  }
  assert.is((await as(mapped, ["list"])).status, 0);
  assert.is((await as({ uid: 0 }, ["list"])).status, 0);
  assertDenied(await as({ uid: 1001 }, ["list"]), "another owner's");
});

rootTest("the default keystore is root's, even where there is none yet", async () => {
  assertDenied(await execute(asUser({ uid: 1000 }, [...COMMAND, "list"])), "list");
});

rootTest("another user's server at the socket's path is sent nothing", async () => {
  using folder = temporaryFolder(0o755);
  const folderOfOthers = folder.file("run");
  mkdirSync(folderOfOthers);
  chownSync(folderOfOthers, 1001, 1001);
  const socket = join(folderOfOthers, "apikey.sock");
  const script = join(import.meta.dirname, "..", "support", "impostor.ts");
  const [program = "", ...args] = asUser({ uid: 1001 }, [...RUNTIME, script, socket]);
  const impostor = spawn(program, args, {
    env: environment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  impostor.stdout.setEncoding("utf8").on("data", (text: string) => output += text);
  try {
    while (!output.includes("listening\n")) await once(impostor.stdout, "data");
    chmodSync(socket, 0o666);
    for (const command of COMMANDS) {
      const outcome = await apikey([...command, "--socket", socket]);
      assert.equal([outcome.status, outcome.stdout], [5, ""], command.join(" "));
      assert.match(outcome.stderr, "1001");
    }
    while (output.split("received").length <= COMMANDS.length) await once(impostor.stdout, "data");
    assert.is(output, "listening\n" + "received 0\n".repeat(COMMANDS.length));
  } finally {
    process.kill(impostor.pid ?? 0, "SIGKILL");
  }
});

test.run();
