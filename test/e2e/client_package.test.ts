// The package as programs install it, and every program in its README.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { denoPath, nodePath, ROOT, tscPath } from "../../scripts/runtimes.ts";
import { installClient } from "../support/client_project.ts";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { execute, kill } from "../support/execute.ts";
import { IS_SOURCE } from "../support/extent.ts";
import { createdKey, createKey } from "../support/keys_api.ts";
import {
  KEYSTORE_NAME,
  type TemporaryFolder,
  temporaryFolder,
} from "../support/temporary_folder.ts";

const NODE = [nodePath(), "--disable-warning=ExperimentalWarning"];
const DENO = [
  ...[denoPath(), "run", "--no-prompt"],
  ...["--allow-read", "--allow-write", "--allow-net", "--allow-sys", "--allow-ffi"],
];

const SNIPPETS = [
  ...readFileSync(join(ROOT, "src", "client", "README.md"), "utf8")
    .matchAll(/^```ts\n(.*?)^```$/gms),
].map(([, text = ""]) => text);

const SERVERS: readonly {
  readonly what: string;
  readonly mark: string;
  readonly argv: string[];
}[] = [
  { what: "Hono on Node", mark: "@hono/node-server", argv: NODE },
  { what: "Hono on Deno", mark: "Deno.serve", argv: DENO },
  { what: "node:http on Node", mark: "createServer", argv: NODE },
];

/** As much as the README uses; tsc knows no Deno. */
const DENO_TYPE = "{ serve(options: object, handler: (request: Request) => unknown): unknown }";

interface Project {
  readonly folder: TemporaryFolder;
  readonly daemon: Daemon;
}

async function inProject(
  packages: readonly string[],
  work: (project: Project) => Promise<void>,
): Promise<void> {
  using folder = temporaryFolder();
  await installClient(folder.path, packages);
  const socket = folder.file("apikey.sock");
  await using daemon = await startDaemon(folder.file(KEYSTORE_NAME), socket);
  await work({ folder, daemon });
}

function snippet(mark: string): string {
  const found = SNIPPETS.filter((text) => text.includes(mark));
  assert.is(found.length, 1, mark);
  return found[0]!;
}

/** A program of the README's, at a socket and a port of the test's. */
function write({ folder, daemon }: Project, name: string, text: string, port = 0): string {
  const socket = `socket: ${JSON.stringify(daemon.socket)}`;
  const path = folder.file(name);
  const adapted = text
    .replaceAll("openVerifier()", `openVerifier({ ${socket} })`)
    .replaceAll("connect()", `connect({ ${socket} })`)
    .replaceAll("openVerifier({ max", `openVerifier({ ${socket}, max`)
    .replaceAll("8080", String(port));
  writeFileSync(path, adapted);
  return path;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** The status, once the server is there. */
async function ask(port: number, headers: Record<string, string>, child: ChildProcess) {
  for (let i = 0; i < 600 && child.exitCode === null; i++) {
    const url = `http://127.0.0.1:${port}/api/hello`;
    const response = await fetch(url, { headers }).catch(() => undefined);
    if (response !== undefined) return { status: response.status, text: await response.text() };
    await sleep(50);
  }
  return { status: 0, text: "" };
}

// The programs are the same whatever runs the daemon: beside the executable's, one on Deno is enough.
const onlyDeno = ({ argv }: { readonly argv: readonly string[] }) => !IS_SOURCE || argv === DENO;

for (const { what, mark, argv } of SERVERS.filter(onlyDeno)) {
  test(`README: guards a server with ${what}`, () =>
    inProject(["hono", "@hono/node-server"], async (project) => {
      const key = createdKey(await createKey(project.daemon.socket, "mcp"));
      const port = await freePort();
      const [program = "", ...args] = [...argv, write(project, "server.ts", snippet(mark), port)];
      const child = spawn(program, args, { cwd: project.folder.path, stdio: "pipe" });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => output += text);
      }
      try {
        const refused = await ask(port, {}, child);
        assert.is(refused.status, 401, output);
        const wrong = await ask(port, { Authorization: "Bearer x" }, child);
        assert.is(wrong.status, 401);
        const passed = await ask(port, { Authorization: `Bearer ${key}` }, child);
        assert.is(passed.status, 200);
        assert.match(passed.text, /hello|mcp/);
        project.daemon.signal("SIGTERM");
        await project.daemon.ended;
        const undecided = await ask(port, { Authorization: "Bearer y" }, child);
        assert.is(undecided.status, 503, output);
        assert.is((await ask(port, {}, child)).status, 401);
      } finally {
        kill(child, "SIGKILL");
        await once(child, "close");
      }
    }));
}

const CALLERS = [{ what: "Node", argv: NODE }, { what: "Deno", argv: DENO }];

for (const { what, argv } of CALLERS.filter(onlyDeno)) {
  test(`README: the calls work on ${what}, without Hono`, () =>
    inProject([], async (project) => {
      const path = write(project, "calls.ts", snippet("report"));
      const { status, stdout, stderr } = await execute([...argv, path]);
      assert.is(status, 0, stderr);
      assert.match(stdout, /VALID/);
      assert.match(stdout, /\ntrue\nERR_ALIAS_UNKNOWN\n$/);
    }));
}

const typesTest = IS_SOURCE ? () => undefined : test;

typesTest(
  "README: its programs have the right types",
  () =>
    inProject(["hono", "@hono/node-server", "@types/node", "undici-types"], async (project) => {
      const files = SNIPPETS.filter((text) => !text.includes("Deno.serve"))
        .map((text, i) => write(project, `snippet${i}.ts`, text));
      const deno = `${snippet("Deno.serve")}\ndeclare const Deno: ${DENO_TYPE};`;
      files.push(write(project, "deno.ts", deno));
      const config = project.folder.file("tsconfig.json");
      const compilerOptions = {
        ...{ target: "esnext", module: "nodenext", strict: true, noEmit: true, types: ["node"] },
        ...{ lib: ["esnext", "dom"], skipLibCheck: true },
      };
      writeFileSync(config, JSON.stringify({ compilerOptions, files }));
      const { status, stdout } = await execute([nodePath(), tscPath(), "--project", config]);
      assert.is(status, 0, stdout);
      // Types that do not resolve would be any, and everything right.
      write(
        project,
        "wrong.ts",
        'import { connect } from "metricshub-apikey/client";\nconnect(1);',
      );
      const wrong = { compilerOptions, files: [project.folder.file("wrong.ts")] };
      writeFileSync(config, JSON.stringify(wrong));
      const outcome = await execute([nodePath(), tscPath(), "--project", config]);
      assert.match(outcome.stdout, /wrong\.ts\(2,9\): error TS2559/);
    }),
);

test.run();
