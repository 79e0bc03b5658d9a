import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, createServer as createSocketServer, type Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { serveAtPipe } from "../../src/daemon/pipe.ts";
import type { NamedPipes } from "../../src/platform/platform.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** Sockets that another server has accepted, as those of a named pipe are. */
const PIPES: NamedPipes = {
  listen(path, onConnection) {
    const server = createSocketServer(onConnection).listen(path);
    return {
      close() {
        server.close();
        return Promise.resolve();
      },
    };
  },
  connect,
};

function serve(server: Server, path: string, drainMs: number) {
  const connections = { open: 0 };
  server.on("connection", (socket: Socket) => {
    connections.open++;
    socket.once("close", () => connections.open--);
  });
  const stopping = new AbortController();
  return serveAtPipe(server, { socketPath: path, pipes: PIPES, connections, stopping, drainMs });
}

function ask(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(path);
    socket.once("error", reject);
    socket.on("data", (octets) => answer += octets.toString());
    socket.once("close", () => resolve(answer));
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  });
}

// Deno's servers do not know which connections that they were given are idle; pipes are Node's alone.
const nodeTest = "Deno" in globalThis ? () => undefined : test;

nodeTest("finishes what is under way, and closes what is idle, when it stops", async () => {
  using folder = temporaryFolder();
  const path = folder.file("pipe");
  const server = createServer((_request, response) => setTimeout(() => response.end("done"), 200));
  const daemon = serve(server, path, 5_000);
  const answer = ask(path);
  const idle = connect(path);
  await once(server, "request");
  const started = performance.now();
  await Promise.all([daemon.stop(), once(idle, "close")]);
  assert.match(await answer, /^HTTP\/1\.1 200 [^]*done/);
  assert.ok(performance.now() - started < 4_000);
});

test("does not wait longer than it may for what is under way", async () => {
  using folder = temporaryFolder();
  const path = folder.file("pipe");
  const server = createServer(() => undefined);
  const daemon = serve(server, path, 100);
  const answer = ask(path);
  await once(server, "request");
  await daemon.stop();
  assert.is(await answer, "");
});

test("watches over how long a request takes to arrive", async () => {
  using folder = temporaryFolder();
  const path = folder.file("pipe");
  const limits = { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 50 };
  const daemon = serve(createServer(limits), path, 100);
  const slow = connect(path);
  slow.write("GET / HTTP/1.1\r\n");
  slow.resume();
  await once(slow, "close");
  await daemon.stop();
});

test.run();
