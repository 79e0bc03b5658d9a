// Whoever sends a request drop by drop does not keep a daemon for as long as it likes.
import { connect } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { startDaemon } from "../support/daemon.ts";
import { encodeRequest, parseAnswer, send } from "../support/http.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const GET = "GET /v1/keys HTTP/1.1\r\nHost: localhost\r\n";

test("a request that takes its time is cut off: headers after 10 s, all of it after 30 s", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  await using daemon = await startDaemon(keystore, folder.file("apikey.sock"));
  const body = '{"alias":"slow"}';
  const headers = { "Content-Type": "application/json" };
  const text = encodeRequest({ method: "POST", path: "/v1/keys", headers, body });
  const rows = [
    { about: "silence", first: "", then: "", seconds: 10 },
    { about: "headers, one by one", first: GET, then: "X: y\r\n", seconds: 10 },
    {
      about: "body, blank by blank",
      first: text.slice(0, -body.length),
      then: " ",
      seconds: 30,
    },
  ];
  await Promise.all(rows.map(async ({ about, first, then, seconds }) => {
    const startedAt = performance.now();
    const answer = await dribble(daemon.socket, first, then);
    const tookSeconds = (performance.now() - startedAt) / 1_000;
    assert.ok(tookSeconds > seconds - 1 && tookSeconds < seconds + 4, `${about}: ${tookSeconds} s`);
    if (answer !== "" || first !== "") {
      const { status, headers, body } = parseAnswer(answer);
      assert.equal([status, headers["content-type"]], [408, "application/problem+json"], about);
      assert.is(JSON.parse(body).code, "ERR_INVALID_REQUEST", about);
    }
  }));
  assert.is((await send(daemon.socket, { method: "GET", path: "/v1/keys" })).status, 200);
});

/** Sends `then` every two seconds until the other end closes the connection. */
async function dribble(path: string, first: string, then: string): Promise<string> {
  const socket = connect(path);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk) => text += chunk);
  socket.on("error", () => undefined);
  socket.write(first);
  const timer = setInterval(() => socket.write(then), 2_000);
  // Nothing should take that long.
  const giveUp = setTimeout(() => socket.destroy(), 45_000);
  await new Promise((resolve) => socket.once("close", resolve));
  clearInterval(timer);
  clearTimeout(giveUp);
  return text;
}

test.run();
