import { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { guard, type GuardVariables } from "../../src/client/guard.ts";
import { AppError } from "../../src/errors.ts";
import { UNKNOWN, valid } from "../support/stand_in_daemon.ts";

const errors: unknown[] = [];

const verifier = {
  verify: (key: string) =>
    key === "broken"
      ? Promise.reject(new AppError("ERR_SOCKET", "no"))
      : Promise.resolve(key === "good" ? valid("mcp") : UNKNOWN),
};

const app = new Hono<{ Variables: GuardVariables }>();
app.use(
  guard({
    verifier: () => Promise.resolve(verifier),
    purpose: () => ({}),
    onError: (e) => errors.push(e),
  }),
);
app.get("/", (context) => context.text(context.get("apiKeyAlias")));

const REQUESTS: readonly [headers: Record<string, string>, status: number][] = [
  [{ Authorization: "Bearer good" }, 200],
  [{ Authorization: "bearer  good" }, 200],
  [{ Authorization: "good" }, 200],
  [{ "X-API-Key": "good" }, 200],
  [{ Authorization: "Basic abc", "X-API-Key": "good" }, 200],
  [{ Authorization: "Bearer bad", "X-API-Key": "good" }, 401],
  [{ Authorization: "Basic good" }, 401],
  [{ Authorization: "Bearer bad" }, 401],
  [{ Authorization: "" }, 401],
  [{}, 401],
  [{ Authorization: "Bearer broken" }, 503],
];

for (const [headers, status] of REQUESTS) {
  test(`${JSON.stringify(headers)} gets ${status}`, async () => {
    errors.length = 0;
    const response = await app.request("/", { headers });
    assert.is(response.status, status);
    if (status === 200) return assert.is(await response.text(), "mcp");
    const message = status === 401 ? "Unauthorized" : "Service Unavailable";
    assert.equal(await response.json(), { message });
    assert.is(response.headers.get("cache-control"), "no-store");
    assert.is(response.headers.get("www-authenticate"), status === 401 ? "Bearer" : null);
    assert.is(errors.length, status === 503 ? 1 : 0);
  });
}

test("a verifier that cannot be had is 503", async () => {
  const broken = new Hono();
  const error = new AppError("ERR_INTERNAL", "no");
  broken.use(
    guard({ verifier: () => Promise.reject(error), purpose: () => ({}), onError: () => undefined }),
  );
  broken.get("/", (context) => context.text("in"));
  const response = await broken.request("/", { headers: { Authorization: "good" } });
  assert.is(response.status, 503);
});

test.run();
