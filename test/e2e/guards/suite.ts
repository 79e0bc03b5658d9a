// What a web server that guards a backend with the daemon must do, whichever it is.
import { createHash } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { apikey } from "../../support/execute.ts";
import {
  type Answer,
  encodeRequest,
  jsonRequest,
  type Request,
  send,
  sendRaw,
} from "../../support/http.ts";
import { createdKey, createKey } from "../../support/keys_api.ts";
import { requiring } from "../../support/requirements.ts";
import { sendAs } from "../../support/send_as.ts";
import type { Arrival } from "./backend.ts";
import { connectionsTo, identityOf, upgrade } from "./observe.ts";
import type { Proxy } from "./proxy.ts";
import { openSite } from "./site.ts";
import { GROUP } from "./verifier_group.ts";

/** Of the fixture: `mcp-openai`, and `retired`, which expired in 2021. */
const KEY = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
const EXPIRED = "0d9c4f3e-51c7-4f3b-9d52-6a1f0c2b7e11";
const WRONG = "eb47c2be-927f-495f-aa97-0ba0f60b8987";

/** Ways to present a key; what the daemon makes of each is for its own tests to say. */
const SPELLINGS: readonly string[] = [
  `Authorization: ${KEY}`,
  `Authorization: bearer ${KEY}`,
  `Authorization: BEARER ${KEY}`,
  `Authorization: Bearer    ${KEY}   `,
  `authorization:Bearer ${KEY}`,
  `AUTHORIZATION: Bearer ${KEY}`,
  `X-API-Key: ${KEY}`,
  `x-api-key: ${KEY} `,
  `X-API-KEY:${KEY}`,
  `Authorization: Basic cm9vdDo=\r\nX-API-Key: ${KEY}`,
  `Authorization:\r\nX-API-Key: ${KEY}`,
  `Authorization: ${WRONG}\r\nX-API-Key: ${KEY}`,
  `Authorization: ${KEY}\r\nX-API-Key: ${WRONG}`,
  `Authorization: Bearer ${KEY}\r\nAuthorization: Bearer ${KEY}`,
  `Authorization: Bearer ${KEY}\r\nAuthorization: Bearer ${WRONG}`,
  `Authorization: Bearer ${WRONG}\r\nAuthorization: Bearer ${KEY}`,
  `X-API-Key: ${WRONG}\r\nX-API-Key: ${KEY}`,
  `Authorization: Bearer ${KEY}, Bearer ${KEY}`,
  `Authorization: Bearer${KEY}`,
  `Authorization: Bearer\t${KEY}`,
  `Authorization: Token ${KEY}`,
  `Authorization: Bearer`,
  `Authorization: Bearer ${KEY.toUpperCase()}`,
  `Authorization: Bearer ${KEY}\u00a0`,
  `Proxy-Authorization: Bearer ${KEY}`,
  `X_API_Key: ${KEY}`,
  `Cookie: Authorization=${KEY}`,
];

const PROTOCOLS: readonly string[] = [
  "h2c",
  "h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
  "websocket, h2c",
  "h2c, websocket",
  "h2c\r\nUpgrade: websocket",
  "websocket\r\nUpgrade: h2c",
  "websockets",
  "WebSocket",
  "",
];

export function guardTests(proxy: Proxy): void {
  const tools = ["setpriv", "unshare", proxy.name];
  const guardTest = requiring(test, "linux", "root", "mount", ...tools);

  guardTest("a valid key gets through, and its alias with it, but not the key", async () => {
    await using site = await openSite(proxy);
    const headers = {
      Authorization: `Bearer ${KEY}`,
      "X-API-Key": WRONG,
      "X-Apikey-Alias": "forged",
      "x-apikey-ALIAS": "forged",
      X_Apikey_Alias: "forged",
      "X-Other": "other",
    };
    const body = "0123456789abcdef".repeat(65_536);
    for (const method of ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"]) {
      const request = { method, path: "/some/where?a=b%20c", headers };
      const answer = await send(site.port, method === "POST" ? { ...request, body } : request);
      assert.is(answer.status, 200, method);
      if (method === "HEAD") continue;
      const arrival = JSON.parse(answer.body) as Arrival;
      assert.equal([arrival.method, arrival.url], [method, "/some/where?a=b%20c"]);
      const { "x-other": other, "x-apikey-alias": alias } = arrival.headers;
      assert.equal([other, alias], ["other", "mcp-openai"]);
      assert.not.match(answer.body, /forged|eb47c2be/);
      const sent = method === "POST" ? body : "";
      assert.is(arrival.digest, createHash("sha256").update(sent).digest("hex"), method);
    }
    const key = createdKey(await createKey(site.socket, "größe 1"));
    const answer = await send(site.port, get(key));
    const { headers: arrived } = JSON.parse(answer.body) as Arrival;
    assert.is(decodeURIComponent(arrived["x-apikey-alias"] ?? ""), "größe 1");
    assertSecret(site.output());
  });

  guardTest("all others get the same 401, whatever is wrong", async () => {
    await using site = await openSite(proxy);
    const forged = {
      "X-Apikey-Alias": "mcp-openai",
      "X-Original-URI": "/",
      "X-Remote-User": "root",
    };
    const answers = await Promise.all([
      send(site.port, { method: "GET", path: "/" }),
      send(site.port, { method: "GET", path: "/", headers: forged }),
      send(site.port, get(WRONG)),
      send(site.port, get(EXPIRED)),
      send(site.port, get("x".repeat(4_000))),
      send(site.port, { ...get(WRONG), method: "POST", body: "x".repeat(1_000) }),
      send(site.port, { ...get(WRONG), method: "OPTIONS" }),
    ]);
    const looks = answers.map(({ status, headers: { date: _, ...headers }, body }) =>
      JSON.stringify({ status, headers, body })
    );
    assert.is(new Set(looks).size, 1, looks.join("\n"));
    assertUnauthorized(answers[0]);
    assert.not.match(looks[0] ?? "", /expire|revoke|unknown|alias|key/i);
    assert.is((await send(site.port, { ...get(WRONG), method: "HEAD" })).status, 401);
    // What the proxy asks the daemon at is nobody else's to ask.
    for (const path of ["/_apikey", "/v1/auth", "/v1/keys"]) {
      const answer = await send(site.port, { method: "GET", path });
      assert.ok([401, 404].includes(answer.status), path);
    }
    assert.is(site.backend.arrivals(), 0);
    assertSecret(site.output());
  });

  guardTest("it says from where a client comes, and what a key must be good for", async () => {
    const withScope = (config: string) =>
      config.replace(/(clientAddress=[^\s;]+)/, "$1&scope=mcp:read");
    for (const revise of [undefined, withScope]) {
      await using site = await openSite(proxy, revise === undefined ? {} : { revise });
      const create = async (body: object) =>
        createdKey(await send(site.socket, jsonRequest("POST", "/v1/keys", body)));
      const keys = {
        near: await create({ alias: "near", networks: ["127.0.0.0/8"] }),
        far: await create({ alias: "far", networks: ["10.0.0.0/8"] }),
        reader: await create({ alias: "reader", scopes: ["mcp:*"] }),
        writer: await create({ alias: "writer", scopes: ["rest:write"] }),
      };
      const statuses: Record<string, number> = {};
      // Wherever a client says that it comes from.
      const headers = { "X-Forwarded-For": "10.0.0.1", "X-Real-IP": "10.0.0.1" };
      for (const [name, key] of Object.entries(keys)) {
        const request = { method: "GET", path: "/?clientAddress=10.0.0.1&scope=rest:write" };
        const all = { ...headers, Authorization: key };
        statuses[name] = (await send(site.port, { ...request, headers: all })).status;
      }
      const writer = revise === undefined ? 200 : 401;
      assert.equal(statuses, { near: 200, far: 401, reader: 200, writer });
    }
  });

  guardTest("a key is refused from the moment that it is revoked", async () => {
    await using site = await openSite(proxy);
    const key = createdKey(await createKey(site.socket, "short-lived"));
    for (let i = 0; i < 3; i++) assert.is((await send(site.port, get(key))).status, 200);
    const { status, stderr } = await apikey(["revoke", "short-lived", "--socket", site.socket]);
    assert.is(status, 0, stderr);
    assertUnauthorized(await send(site.port, get(key)));
    assert.is((await send(site.port, get(KEY))).status, 200);
    assert.is(site.backend.arrivals(), 4);
  });

  guardTest("it takes every spelling of a key that the daemon takes, and no other", async () => {
    await using site = await openSite(proxy);
    let taken = 0;
    for (const spelling of SPELLINGS) {
      const direct = await sendRaw(site.socket, rawRequest("/v1/auth", spelling));
      const { status } = await sendRaw(site.port, rawRequest("/", spelling));
      if (direct.status === 204) taken++;
      // Two of one header are a bad request to some; that lets nobody in, either.
      const expected = direct.status === 204 ? [200] : [401, 400];
      assert.ok(expected.includes(status), `${spelling}: ${status}, direct: ${direct.status}`);
    }
    assert.is(site.backend.arrivals(), taken);
    assert.ok(taken > 9 && taken < SPELLINGS.length);
  });

  guardTest("whom it runs as may verify keys and nothing else", async () => {
    await using site = await openSite(proxy);
    // Whoever answers has become who it is to be.
    assert.is((await send(site.port, get(KEY))).status, 200);
    const worker = identityOf(proxy.workerPid(site.proxy.pid));
    assert.ok(worker.uid > 0);
    assert.ok(worker.groups.includes(GROUP.gid), JSON.stringify(worker));
    const forbidden: Request[] = [
      { method: "GET", path: "/v1/keys" },
      { method: "GET", path: "/v1/keys/mcp-openai" },
      jsonRequest("POST", "/v1/keys", { alias: "x" }),
      { method: "DELETE", path: "/v1/keys/mcp-openai" },
      { method: "GET", path: "/v1/status" },
      { method: "GET", path: "/v1/keystore" },
      { method: "GET", path: "/v1/nothing" },
    ];
    const allowed = [
      { ...get(KEY), path: "/v1/auth" },
      jsonRequest("POST", "/v1/verify", { key: KEY }),
    ];
    const answers = await sendAs(worker, site.socket, [...forbidden, ...allowed]);
    const statuses = answers.map((answer) => answer?.status);
    assert.equal(statuses, [...forbidden.map(() => 403), 204, 200]);
  });

  const closed = [{ knocks: "cannot open the socket", daemonArgs: [] }, {
    knocks: "can open the socket",
    daemonArgs: ["--socket-mode", "666"],
  }];
  for (const { knocks, daemonArgs } of closed) {
    guardTest(`it lets nobody in while it is no verifier and ${knocks}`, async () => {
      await using site = await openSite(proxy, { isMember: false, daemonArgs });
      for (const request of [get(KEY), get(WRONG), { method: "GET", path: "/" }]) {
        const { status, body, headers } = await send(site.port, request);
        // The one thing that nginx cannot be told to hide: that it is forbidden.
        const statuses = proxy.name === "nginx" ? [500, 403] : [502, 503];
        assert.ok(statuses.includes(status), String(status));
        assert.not.match(JSON.stringify([body, headers]), /verif|privilege|ERR_|sock/i);
      }
      assert.is(site.backend.arrivals(), 0);
      assertSecret(site.output());
    });
  }

  guardTest("without the daemon nobody gets in, and with the next one all is well", async () => {
    await using site = await openSite(proxy);
    const inTurns = ["Authorization", "X-API-Key"].map((name) => ({
      ...get(KEY),
      headers: { [name]: KEY },
    }));
    for (let restarts = 0; restarts < 2; restarts++) {
      for (const request of inTurns) assert.is((await send(site.port, request)).status, 200);
      await site.stopDaemon();
      for (const request of inTurns) {
        const { status } = await send(site.port, request);
        assert.ok([500, 502, 503].includes(status), String(status));
      }
      await site.startDaemon();
      assert.is((await send(site.port, get(KEY))).status, 200);
      assertUnauthorized(await send(site.port, get(WRONG)));
    }
    assertSecret(site.output());
  });

  guardTest("streams and WebSockets work behind it", async () => {
    await using site = await openSite(proxy);
    const stream = await fetch(`http://127.0.0.1:${site.port}/events`, {
      headers: { Authorization: KEY },
    });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    // The second is sent once the first has arrived: nothing is held back on the way.
    assert.is((await reader?.read())?.value, "data: first\n\n");
    site.backend.sendSecondEvent();
    assert.is((await reader?.read())?.value, "data: second\n\n");
    await reader?.cancel();
    assert.match(await upgrade(site.port, KEY), /^HTTP\/1\.1 101 [^]*\r\n\r\nhello$/);
    assert.match(await upgrade(site.port, WRONG), /^HTTP\/1\.1 401 /);
    assert.is(site.backend.arrivals(), 2);
  });

  guardTest(
    "no other protocol gets through, behind which requests would pass unasked",
    async () => {
      await using site = await openSite(proxy);
      for (const protocol of PROTOCOLS) {
        const received = await upgrade(site.port, KEY, protocol);
        // The backend switches to whatever it is asked for.
        const [, switched] = /^HTTP\/1\.1 101 [^]*?\r\nupgrade: *([^\r]*)/i.exec(received) ?? [];
        assert.ok(switched === undefined || switched === "websocket", `${protocol}: ${received}`);
        assert.not.match(received, /"upgrade":/);
      }
    },
  );

  guardTest("what the daemon thinks of a request is told to nobody", async () => {
    await using site = await openSite(proxy);
    // More than the daemon reads.
    const headers = { Authorization: KEY, "X-Padding": "x".repeat(20_000) };
    const { status, body } = await send(site.port, { method: "GET", path: "/", headers });
    assert.ok([400, 503].includes(status), String(status));
    assert.not.match(body, /ERR_|problem|larger|headers are/);
    assert.is(site.backend.arrivals(), 0);
  });

  if (proxy.keepsConnections) {
    guardTest("one connection to the daemon serves for many requests", async () => {
      await using site = await openSite(proxy);
      await send(site.port, get(KEY));
      const before = connectionsTo(site.socket);
      for (let i = 0; i < 20; i++) {
        await send(site.port, get(i % 2 === 0 ? KEY : WRONG));
      }
      const after = connectionsTo(site.socket);
      assert.ok(after.length > 0);
      // The test's own, of before, may take a moment to end.
      assert.equal(after.filter((inode) => !before.includes(inode)), []);
    });
  }

  guardTest("a hundred clients at a time all get their answer", async () => {
    await using site = await openSite(proxy);
    for (let round = 0; round < 3; round++) {
      const keys = Array.from({ length: 100 }, (_, i) => i % 2 === 0 ? KEY : WRONG);
      const answers = await Promise.all(keys.map((key) => send(site.port, get(key))));
      const statuses = answers.map(({ status }) => status);
      assert.equal(statuses, keys.map((key) => key === KEY ? 200 : 401));
    }
    assert.is(site.backend.arrivals(), 3 * 50, "nothing else has got through");
  });
}

function get(key: string): Request {
  return { method: "GET", path: "/", headers: { Authorization: `Bearer ${key}` } };
}

function rawRequest(path: string, header: string): Uint8Array {
  const request = encodeRequest({ method: "GET", path });
  return new TextEncoder().encode(request.replace("\r\n\r\n", `\r\n${header}\r\n\r\n`));
}

function assertUnauthorized(answer: Answer | undefined): void {
  assert.equal([answer?.status, answer?.headers["www-authenticate"]], [401, "Bearer"]);
}

/** No log may have a key in it, valid or nearly so. */
function assertSecret(output: string): void {
  assert.not.match(output, /eb47c2be-927f-495f-aa97|0d9c4f3e-51c7/);
}
