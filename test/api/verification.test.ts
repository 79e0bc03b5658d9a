// What the API says about keys, over Hono, on node:http alone, and in process.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { presentedKey } from "../../src/protocol/presented_key.ts";
import { announcesBody, rawHeader } from "../../src/api/raw_headers.ts";

const PRESENTED: readonly (readonly [headers: Record<string, string>, key: string | undefined])[] =
  [
    [{}, undefined],
    [{ authorization: "k" }, "k"],
    [{ authorization: " k " }, "k"],
    [{ authorization: "Bearer k" }, "k"],
    [{ authorization: "bearer   k" }, "k"],
    [{ authorization: "BEARER k" }, "k"],
    [{ authorization: "Bearer" }, undefined],
    [{ authorization: "Bearer ", "x-api-key": "k" }, "k"],
    [{ authorization: "Bearer k, Bearer l" }, "k, Bearer l"],
    [{ authorization: "Basic cm9vdDo=" }, undefined],
    [{ authorization: "" }, undefined],
    [{ "x-api-key": "k" }, "k"],
    [{ "x-api-key": " k " }, "k"],
    [{ "x-api-key": "" }, undefined],
    [{ authorization: "Basic cm9vdDo=", "x-api-key": "k" }, "k"],
    [{ authorization: "Bearer k", "x-api-key": "l" }, "k"],
  ];

for (const [headers, key] of PRESENTED) {
  test(`takes ${key ?? "no key"} from ${JSON.stringify(headers)}`, () => {
    assert.is(presentedKey((name) => headers[name]), key);
  });
}

test("joins a header's repetitions as fetch does", () => {
  const raw = ["Host", "x", "X-API-Key", "a", "Accept", "*/*", "x-api-key", "b"];
  assert.is(rawHeader(raw, "x-api-key"), "a, b");
  assert.is(rawHeader(raw, "accept"), "*/*");
  assert.is(rawHeader(raw, "authorization"), undefined);
});

test("knows where a body may follow", () => {
  assert.not(announcesBody(["Host", "x"]));
  assert.not(announcesBody(["Content-Length", "0"]));
  assert.ok(announcesBody(["content-length", "1"]));
  assert.ok(announcesBody(["Content-Length", "0", "Content-Length", "5"]));
  assert.ok(announcesBody(["Transfer-Encoding", "chunked"]));
});

test.run();
