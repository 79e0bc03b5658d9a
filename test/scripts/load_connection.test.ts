import { Buffer } from "node:buffer";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Connection } from "../../scripts/bench/verify/connection.ts";
import { withFolder } from "../support/open_keystore.ts";

const NO_CONTENT = "HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n";
const UNAUTHORIZED = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 5\r\n\r\nwrong";

/** What a connection makes of bytes that come in these pieces: a status, or an error. */
async function receive(pieces: readonly string[]): Promise<number | string> {
  return await withFolder(async (folder) => {
    const path = join(folder, "socket");
    const server = createServer(async (socket) => {
      socket.setNoDelay().on("error", () => {});
      for (const piece of pieces) {
        await new Promise((resolve) => socket.write(piece, () => setTimeout(resolve, 2)));
      }
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const { promise, resolve } = Promise.withResolvers<number | string>();
    const connection = await Connection.open(
      path,
      (_connection, status) => resolve(status),
      (error) => resolve(error.message),
    );
    try {
      return await promise;
    } finally {
      connection.close();
      server.close();
    }
  });
}

for (const [status, answer] of [[204, NO_CONTENT], [401, UNAUTHORIZED]] as const) {
  test(`reads an answer of ${status} at once`, async () => {
    assert.is(await receive([answer]), status);
  });

  test(`reads an answer of ${status} octet by octet`, async () => {
    assert.is(await receive([...answer]), status);
  });
}

test("refuses an answer that does not say how long it is", async () => {
  assert.match(String(await receive(["HTTP/1.1 200 OK\r\n\r\n{}"])), "without length");
});

test("refuses more than one answer", async () => {
  assert.match(String(await receive([NO_CONTENT + NO_CONTENT])), "longer than it says");
});

test("sends what it is given", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "socket");
    const received = Promise.withResolvers<string>();
    const server = createServer((socket) => {
      socket.once("data", (bytes) => received.resolve(bytes.toString()));
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const connection = await Connection.open(path, () => {}, received.reject);
    connection.send(Buffer.from("GET /"));
    assert.is(await received.promise, "GET /");
    connection.close();
    server.close();
  });
});

test.run();
