// An MCP client and server from the official SDK, with a key between them.
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { installClient } from "../../support/client_project.ts";
import { startDaemon } from "../../support/daemon.ts";
import { apikey } from "../../support/execute.ts";
import { send } from "../../support/http.ts";
import { createdKey, createKey } from "../../support/keys_api.ts";
import { requiring } from "../../support/requirements.ts";
import { type Server, startServer } from "../../support/server.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/temporary_folder.ts";
import { asUser, RUNTIME } from "../../support/users.ts";
import { freePort } from "./backend.ts";
import { connectMcp } from "./mcp_client.ts";
import { CADDY, NGINX } from "./proxy.ts";
import { openSite } from "./site.ts";
import { GROUP } from "./verifier_group.ts";

const HERE = import.meta.dirname;
const README = join(HERE, "..", "..", "..", "src", "api", "guards", "README.md");

const WRONG = "eb47c2be-927f-495f-aa97-0ba0f60b8987";

/** A project with the documented server in it. */
async function installMcpServer(folder: TemporaryFolder): Promise<string> {
  await installClient(folder.path, ["hono", "@hono/node-server", "@modelcontextprotocol/sdk"]);
  for (const name of ["mcp_server.ts", "trust_proxy.ts"]) {
    copyFileSync(join(HERE, name), folder.file(name));
  }
  return folder.file("mcp_server.ts");
}

/** The documented server as a verifier of no other rights. */
async function startMcpServer(
  program: string,
  port: number,
  ...args: readonly string[]
): Promise<Server> {
  const argv = [...RUNTIME, program, String(port), ...args];
  return await startServer(asUser({ uid: 1000, groups: [GROUP.gid] }, argv), port);
}

/** Uses an MCP server at `port` for as long as a key lasts. */
async function useUntilRevoked(port: number, socket: string): Promise<void> {
  const url = `http://127.0.0.1:${port}/mcp`;
  const key = createdKey(await createKey(socket, "agent größe"));
  const client = await connectMcp(url, key);
  const { tools } = await client.listTools();
  assert.equal(tools.map(({ name }) => name), ["whoami"]);
  const { content } = await client.callTool({ name: "whoami" });
  assert.equal(content, [{ type: "text", text: "agent größe" }]);

  await assertUnauthorized(() => connectMcp(url, WRONG));
  const bare = await fetch(url, { method: "POST", body: "{}" });
  await bare.body?.cancel();
  assert.equal([bare.status, bare.headers.get("WWW-Authenticate")], [401, "Bearer"]);

  const { status, stderr } = await apikey(["revoke", "agent größe", "--socket", socket]);
  assert.is(status, 0, stderr);
  await assertUnauthorized(() => client.callTool({ name: "whoami" }));
  await assertUnauthorized(() => client.listTools());
  await assertUnauthorized(() => connectMcp(url, key));
  await client.close();
}

async function assertUnauthorized(work: () => Promise<unknown>): Promise<void> {
  const error = await work().then(() => undefined, (error: Error & { code?: unknown }) => error);
  assert.is(error?.code, 401, error?.message ?? "it was let in");
}

const rootTest = requiring(test, "linux", "root", "setpriv", "unshare");

rootTest("an MCP client is served until its key is revoked", async () => {
  using folder = temporaryFolder(0o755);
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const socket = folder.file("apikey.sock");
  const daemon = await startDaemon(keystore, socket, ["--verifier-group", String(GROUP.gid)]);
  await using _daemon = daemon;
  const port = await freePort();
  await using _server = await startMcpServer(await installMcpServer(folder), port, socket);
  await useUntilRevoked(port, socket);
  daemon.signal("SIGTERM");
  await daemon.ended;
  const headers = { Authorization: "unheard-of" };
  const answer = await send(port, { method: "POST", path: "/mcp", headers, body: "{}" });
  assert.is(answer.status, 503);
});

for (const proxy of [NGINX, CADDY]) {
  const tools = ["setpriv", "unshare", proxy.name];
  requiring(test, "linux", "root", "mount", ...tools)(
    `an MCP client is served through ${proxy.name} until its key is revoked`,
    async () => {
      using folder = temporaryFolder(0o755);
      const program = await installMcpServer(folder);
      const backendPort = await freePort();
      await using site = await openSite(proxy, { backendPort });
      await using _server = await startMcpServer(program, backendPort);
      await useUntilRevoked(site.port, site.socket);
      const headers = { "X-Apikey-Alias": "" };
      const around = { method: "POST", path: "/mcp", headers, body: "{}" };
      assert.is((await send(backendPort, around)).status, 401);
    },
  );
}

test("what the documentation shows of MCP is what runs here", () => {
  const files = ["mcp_server.ts", "trust_proxy.ts", "mcp_client.ts"];
  const sources = files.map((name) => readFileSync(join(HERE, name), "utf8"));
  const blocks = readFileSync(README, "utf8").matchAll(/```ts\n([^]*?)```/g);
  assert.equal([...blocks].map(([, block]) => block), sources);
});

test.run();
