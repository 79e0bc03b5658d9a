import { randomUUID } from "node:crypto";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as v from "valibot";
import type { Access } from "../../src/api/access.ts";
import { createApp, MAX_BODY_BYTES } from "../../src/api/app.ts";
import { ProblemCounts } from "../../src/api/problem.ts";
import { callLocally, type LocalApi } from "../../src/api/local.ts";
import { createRoutes } from "../../src/api/routes.ts";
import { AppError } from "../../src/errors.ts";
import { unused } from "../../src/model/api_key.ts";
import { KeyFilter } from "../../src/model/key_filter.ts";
import { NO_METADATA } from "../../src/model/key_metadata.ts";
import { OVERFLOW_ID, type PeerCredentials } from "../../src/model/peer_credentials.ts";
import { type Instant, systemClock } from "../../src/model/instant.ts";
import { uuidFingerprint } from "../../src/model/uuid.ts";
import { keyListSchema, keyPath } from "../../src/protocol/keys.ts";
import { keyRoutes } from "../../src/api/keys.ts";
import { parseAlias } from "../../src/model/alias.ts";
import { parseExpiry } from "../../src/model/expiry.ts";
import { ChangeFeed } from "../../src/service/change_feed.ts";
import { healthOf } from "../../src/service/health.ts";
import { ImportService } from "../../src/service/import.ts";
import { KeyService } from "../../src/service/keys.ts";
import { KeystoreService } from "../../src/service/keystore.ts";
import { StatusService } from "../../src/service/status.ts";
import { ScanService } from "../../src/service/scan.ts";
import { type Audit, NO_AUDIT } from "../../src/service/audit.ts";
import type { UsageService } from "../../src/service/usage.ts";
import { VerificationService } from "../../src/service/verification.ts";
import { bindings } from "../support/bindings.ts";
import { conforming } from "../support/conforming.ts";
import { readFixture } from "../support/fixtures.ts";
import { openKeystore, openUsage, pkcs12Kdf, withFolder } from "../support/open_keystore.ts";

const ADMIN_GID = 4242;
const VERIFIER_GID = 4343;
const POLICY = { adminUids: [0, 500], adminGids: [ADMIN_GID], verifierGids: [VERIFIER_GID] };

function peer(uid: number, gid = uid, groups: number[] = []): PeerCredentials {
  return { uid, gid, groups, pid: 1 };
}

const ROOT = peer(0);

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> | undefined;
}

interface Api {
  request(path: string, init?: RequestInit, from?: PeerCredentials): Promise<Answer>;
  post(body: unknown, from?: PeerCredentials): Promise<Answer>;
  readonly defects: unknown[];
  readonly parts: Parameters<typeof createApp>[0] & LocalApi;
}

function withApi(work: (api: Api) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const keystore = openKeystore(`${folder}/metricshub-keystore.p12`);
    const defects: unknown[] = [];
    const routes = conforming(createRoutes({
      keys: new KeyService({ keystore, clock: systemClock }),
      usage: openUsage(keystore),
      imports: new ImportService({ keystore, pkcs12Kdf, clock: systemClock }),
      scan: new ScanService(keystore),
      keystore: new KeystoreService(keystore, undefined),
      status: new StatusService(keystore, systemClock, undefined),
      feed: new ChangeFeed({ keystore, clock: systemClock, log: (error) => defects.push(error) }),
      health: () => healthOf(keystore),
      metrics: [],
      audit: NO_AUDIT,
      verification: new VerificationService({ keystore, clock: systemClock }),
      server: {
        version: "0",
        role: "daemon",
        pid: 1,
        socket: undefined,
        startedAt: systemClock(),
        connections: undefined,
      },
      clock: systemClock,
    }));
    const problems = new ProblemCounts();
    const parts = {
      routes,
      policy: POLICY,
      audit: NO_AUDIT,
      peerProcess: () => undefined,
      problems,
      maxStreamMs: 60_000,
      log: (error: unknown) => defects.push(error),
    };
    const app = createApp(parts);
    const request = async (path: string, init: RequestInit = {}, from: PeerCredentials = ROOT) => {
      const response = await app.request(path, init, bindings(from));
      const text = await response.text();
      const { status, headers } = response;
      return { status, headers, body: text === "" ? undefined : JSON.parse(text) };
    };
    const post = (body: unknown, from?: PeerCredentials) =>
      request("/v1/keys", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }, from);
    await work({ request, post, defects, parts });
  });
}

/** What of the routes each may call. */
const PEERS: readonly (readonly [who: string, peer: PeerCredentials | undefined, may: Access])[] = [
  ["root", ROOT, "admin"],
  ["the daemon's own user", peer(500), "admin"],
  ["a member of the admin group by primary group", peer(1000, ADMIN_GID), "admin"],
  ["a member of the admin group by supplementary group", peer(1000, 1000, [1, ADMIN_GID]), "admin"],
  ["a member of both groups", peer(1000, VERIFIER_GID, [ADMIN_GID]), "admin"],
  ["a member of the verifier group by primary group", peer(1000, VERIFIER_GID), "verifier"],
  ["a member of the verifier group among others", peer(33, 33, [5, VERIFIER_GID]), "verifier"],
  ["another user", peer(1000), "anyone"],
  ["a user whose uid is the verifier group's gid", peer(VERIFIER_GID, 1000), "anyone"],
  ["a user whose group is root's", peer(1000, 0, [0]), "anyone"],
  ["nobody", peer(OVERFLOW_ID, OVERFLOW_ID, [OVERFLOW_ID]), "anyone"],
  ["whom the kernel cannot tell", undefined, "anyone"],
];

/** What is for whom, without the code that decides it. */
const ADMITTED: Readonly<Record<Access, readonly Access[]>> = {
  admin: ["admin", "verifier", "anyone"],
  verifier: ["verifier", "anyone"],
  anyone: ["anyone"],
};

for (const [who, from, may] of PEERS) {
  test(`lets ${who} do what ${may} may, and nothing else`, async () => {
    await withApi(async ({ parts }) => {
      const app = createApp(parts);
      const nowhere = [["GET", "/"], ["GET", "/v1"], ["PUT", "/v1/keys"], ["POST", "/v2/anything"]];
      const probes = [
        ...parts.routes,
        { method: "OPTIONS", path: "/v1/status", access: "admin" } as const,
        { method: "PUT", path: "/v1/verify", access: "admin" } as const,
        ...nowhere.map(([method = "", path = ""]) => ({ method, path, access: "admin" as const })),
      ];
      for (const { method, path, access } of probes) {
        const init = { method, headers: { Authorization: "Bearer root", "X-Remote-User": "root" } };
        const { status } = await app.request(path, init, bindings(from));
        const isAdmitted = ADMITTED[may].includes(access);
        assert.is(status !== 403, isAdmitted, `${method} ${path} answered ${status}`);
      }
    });
  });
}

test("turns nobody into an administrator or a verifier even where a policy names that id", async () => {
  await withApi(async ({ parts }) => {
    const ids = [OVERFLOW_ID];
    const policy = { adminUids: ids, adminGids: ids, verifierGids: ids };
    const app = createApp({ ...parts, policy });
    for (const path of ["/v1/keys", "/v1/auth"]) {
      const { status } = await app.request(path, {}, bindings(peer(OVERFLOW_ID)));
      assert.is(status, 403);
    }
  });
});

test("ends a stream as soon as its reader may not have it any more", async () => {
  await withApi(async ({ parts, post }) => {
    const verifierGids = [VERIFIER_GID];
    const app = createApp({ ...parts, policy: { ...POLICY, verifierGids } });
    const from = bindings(peer(1000, VERIFIER_GID));
    const { body, status } = await app.request("/v1/events", {}, from);
    assert.is(status, 200);
    const reader = body?.getReader();
    const next = async () => new TextDecoder().decode((await reader?.read())?.value);
    assert.match(await next(), "event: ready");
    await post({ alias: "a" });
    assert.match(await next(), "event: created");
    verifierGids.pop();
    await post({ alias: "b" });
    assert.is((await reader?.read())?.done, true);
  });
});

test("ends a stream after a while, with nothing lost", async () => {
  await withApi(async ({ parts, post }) => {
    const app = createApp({ ...parts, maxStreamMs: 100 });
    const follow = async (headers: Record<string, string> = {}) => {
      const { body } = await app.request("/v1/events", { headers }, bindings(ROOT));
      return body?.pipeThrough(new TextDecoderStream()).getReader();
    };
    const reader = await follow();
    assert.match((await reader?.read())?.value ?? "", "event: ready");
    await sleep(120);
    await post({ alias: "a" });
    const { value = "" } = await reader?.read() ?? {};
    assert.match(value, "event: created");
    assert.is((await reader?.read())?.done, true);
    await post({ alias: "b" });
    const [, id = ""] = /^id: (.*)$/m.exec(value) ?? [];
    const resumed = await follow({ "Last-Event-ID": id });
    assert.match((await resumed?.read())?.value ?? "", '"alias":"b"');
    await resumed?.cancel();
  });
});

test("takes a whole keystore to import", async () => {
  await withApi(async ({ request }) => {
    const pkcs12 = readFixture("jdk17-1000-keys.p12").toBase64();
    assert.ok(pkcs12.length > MAX_BODY_BYTES);
    const { status, body } = await request("/v1/import", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ pkcs12, offset: 998 }),
    });
    assert.equal([status, body], [200, {
      total: 1_000,
      keys: ["k998", "k999"].map((alias) => ({ alias, outcome: "created" })),
      otherEntries: 0,
      partial: false,
    }]);
  });
});

test("tells which UUIDs may be keys, and which are", async () => {
  await withApi(async ({ request, post }) => {
    const key = String((await post({ alias: "a" })).body?.["key"]);
    const { body } = await request("/v1/scan");
    const filter = new KeyFilter(Buffer.from(String(body?.["bitmap"]), "base64"));
    const seed = Number(body?.["seed"]);
    const passes = (text: string) => filter.passes(uuidFingerprint(Buffer.from(text), 0, seed)!);
    assert.ok(passes(key));
    assert.ok(Array.from({ length: 100 }, () => passes(randomUUID())).filter(Boolean).length < 5);
    const ask = async (candidates: unknown) => {
      const headers = { "Content-Type": "application/json" };
      return await request("/v1/scan", {
        method: "POST",
        headers,
        body: JSON.stringify({ candidates }),
      });
    };
    const answer = await ask([randomUUID(), key, "x"]);
    assert.equal([answer.status, answer.body?.["aliases"]], [200, [[], ["a"], []]]);
    await post({ alias: "b" });
    const init = { method: "POST", headers: { "Content-Type": "application/json" } };
    const revoke = JSON.stringify({ candidates: ["x", key] });
    const revoked = await request("/v1/scan/revoke", { ...init, body: revoke });
    assert.equal([revoked.status, revoked.body?.["aliases"]], [200, [[], ["a"]]]);
    const { body: left } = await request("/v1/keys");
    assert.equal((left?.["keys"] as { alias: string }[]).map(({ alias }) => alias), ["b"]);
    assert.equal((await ask([key])).body?.["aliases"], [[]]);
    for (const wrong of ["x", [1], Array.from({ length: 1_001 }, () => "x")]) {
      assert.is((await ask(wrong)).status, 400);
    }
  });
});

test("every change that an administrator can ask for is recorded, and every refusal", async () => {
  await withApi(async ({ parts }) => {
    const recorded: string[] = [];
    const audit: Audit = {
      ...NO_AUDIT,
      perform({ act, alias }) {
        recorded.push(`${act} ${alias}`);
        throw new AppError("ERR_AUDIT", "full");
      },
      refuse({ act, peer: from }, error) {
        recorded.push(`${act} of ${from?.uid}: ${(error as AppError).code}`);
        return Promise.resolve();
      },
    };
    const app = createApp({ ...parts, audit });
    const expected = parts.routes.filter(({ access }) => access !== "anyone");
    for (const { method, path, act, access, recorded: what } of expected) {
      // What is only read changes nothing; whoever declares a route otherwise has to say so here.
      const isReading = method === "GET" && act !== "keystore-copy" || READING.includes(act);
      assert.is(
        what,
        isReading || access === "verifier" ? "refusals" : "acts",
        `${method} ${path}`,
      );
      const url = path.replace(":alias", "a");
      const headers = { "Content-Type": "application/json" };
      const init = { method, headers, ...(method === "GET" ? {} : { body: '{"alias":"a"}' }) };
      await app.request(url, init, bindings(peer(1000)));
      assert.equal(recorded.splice(0), [`${act} of 1000: ERR_FORBIDDEN`], url);
      if (what === "refusals") continue;
      const { status } = await app.request(url, init, bindings(ROOT));
      assert.is(status, 503, "what cannot be recorded is not done");
      const alias = path.includes(":alias") || act === "create" ? "a" : undefined;
      assert.equal(recorded.splice(0), [`${act} ${alias}`]);
    }
  });
});

/** Acts that take a body and change nothing. */
const READING = ["verify", "scan", "audit-find", "import-check"];

test("changes what is known of a key, and nothing that is not named", async () => {
  await withApi(async ({ request, post }) => {
    await post({ alias: "a", description: "d", scopes: ["mcp:read", "mcp:read"] });
    const patch = async (path: string, body: unknown) => {
      const headers = { "Content-Type": "application/json" };
      return await request(path, { method: "PATCH", headers, body: JSON.stringify(body) });
    };
    const { status, body } = await patch("/v1/keys/a", { owner: "ops", networks: ["::1"] });
    assert.is(status, 200);
    const { description, owner, scopes, networks } = body ?? {};
    assert.equal([description, owner, scopes, networks], ["d", "ops", ["mcp:read"], ["::1/128"]]);
    const renamed = await patch("/v1/keys/a", { alias: "B", disabled: true, description: null });
    assert.equal(
      [renamed.body?.["alias"], renamed.body?.["disabled"], renamed.body?.["description"]],
      ["b", true, null],
    );
    const refused: readonly (readonly [string, unknown, number])[] = [
      ["/v1/keys/a", { owner: "x" }, 404],
      ["/v1/keys/b", { alias: "" }, 400],
      ["/v1/keys/b", { scopes: ["mcp read"] }, 400],
      ["/v1/keys/b", { scopes: Array.from({ length: 101 }, (_, i) => `s${i}`) }, 400],
      ["/v1/keys/b", { networks: ["10.0.0.0/99"] }, 400],
      ["/v1/keys/b", { description: "a\u001bb" }, 400],
      ["/v1/keys/b", { description: "x".repeat(1_001) }, 400],
      ["/v1/keys/b", { owner: "x".repeat(256) }, 400],
      ["/v1/keys/b", { disabled: "yes" }, 400],
      ["/v1/keys/b", { key: "x" }, 400],
    ];
    for (const [path, body, expected] of refused) {
      assert.is((await patch(path, body)).status, expected, JSON.stringify(body).slice(0, 80));
    }
    await post({ alias: "c" });
    assert.is((await patch("/v1/keys/b", { alias: "c" })).status, 409);
    assert.equal((await request("/v1/keys/b")).body?.["owner"], "ops");
  });
});

test("asks for a purpose in the URL, and overlooks nothing there", async () => {
  await withApi(async ({ request, post }) => {
    const made = await post({ alias: "a", scopes: ["mcp:*"], networks: ["10.0.0.0/8"] });
    const headers = { Authorization: String(made.body?.["key"]) };
    const statuses: readonly (readonly [query: string, status: number])[] = [
      ["", 401],
      ["?", 401],
      ["?clientAddress=10.1.2.3", 204],
      ["?clientAddress=10.1.2.3&scope=mcp%3Aread", 204],
      ["?scope=mcp:read&clientAddress=::ffff:10.1.2.3", 204],
      ["?clientAddress=10.1.2.3&scope=rest:read", 401],
      ["?clientAddress=11.1.2.3&scope=mcp:read", 401],
      ["?scope=mcp:read", 401],
      ["?clientAddress=", 401],
      ["?clientAddress=unix:", 401],
      ["?clientAddress=%40", 401],
      ["?clientAddress=fe80::1%25eth0", 401],
      ["?clientAddress=10.1.2.3&scope=", 400],
      ["?clientAddress=10.1.2.3&scope=*", 400],
      ["?clientAddress=10.1.2.3&clientAddress=10.1.2.3", 400],
      ["?clientAddress=10.1.2.3&scopes=rest:read", 400],
      ["?clientaddress=10.1.2.3", 400],
    ];
    for (const [query, status] of statuses) {
      assert.is((await request(`/v1/auth${query}`, { headers })).status, status, query);
    }
    // A key that is bound to no network may come from where there are no addresses.
    const free = await post({ alias: "b" });
    const init = { headers: { Authorization: String(free.body?.["key"]) } };
    for (const address of ["unix:", "%40", "fe80::1%25eth0", ""]) {
      assert.is((await request(`/v1/auth?clientAddress=${address}`, init)).status, 204, address);
    }
  });
});

test("creates, shows, lists and revokes a key", async () => {
  await withApi(async ({ request, post }) => {
    const created = await post({ alias: "MCP-Claude" });
    assert.is(created.status, 201);
    assert.is(created.headers.get("Location"), "/v1/keys/mcp-claude");
    assert.is(created.headers.get("Cache-Control"), "no-store");
    assert.equal(Object.keys(created.body ?? {}), [
      "alias",
      "key",
      "createdAt",
      "expiresAt",
      "expiresOn",
    ]);
    const key = String(created.body?.["key"]);
    assert.match(key, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const shown = await request("/v1/keys/mcp-claude");
    assert.is(shown.body?.["maskedKey"], `${"*".repeat(20)}${key.slice(-4)}`);
    const listed = await request("/v1/keys");
    assert.equal(listed.body, { keys: [shown.body] });
    assert.not.ok(JSON.stringify(listed.body).includes(key.slice(0, 8)));
    assert.is((await request("/v1/keys/MCP-CLAUDE", { method: "DELETE" })).status, 204);
    assert.is((await request("/v1/keys/mcp-claude")).status, 404);
  });
});

for (const alias of ["a/b", "50%", "a%2fb", "?x=1#y", "zoë 😀", "a+b", "007", "-x", "%2e%2e"]) {
  test(`finds the alias ${alias} again by its URL`, async () => {
    await withApi(async ({ request, post, parts }) => {
      assert.is((await post({ alias })).status, 201);
      assert.is((await request(keyPath(alias))).body?.["alias"], alias);
      const reply = await callLocally(parts, ROOT, "DELETE", keyPath(alias), undefined);
      assert.is(reply.status, 204);
      assert.is((await request(keyPath(alias), { method: "DELETE" })).status, 404);
    });
  });
}

const LATER = "2050-12-31T23:59:59Z";
const LOCAL = "2050-12-31T23:59:59";
const NO_DAY = "2050-02-30T00:00:00Z";

function expiring(expiry: Record<string, unknown>): string {
  return JSON.stringify({ alias: "a", ...expiry });
}

const BODIES: readonly (readonly [what: string, body: string, status: number, code: string])[] = [
  ["an unknown field", '{"alias":"a","admin":true}', 400, "ERR_INVALID_REQUEST"],
  ["no alias", "{}", 400, "ERR_INVALID_REQUEST"],
  ["an alias that is no text", '{"alias":7}', 400, "ERR_INVALID_REQUEST"],
  ["an alias of control characters", '{"alias":"a\\u0000"}', 400, "ERR_INVALID_ALIAS"],
  [
    "two expiries",
    expiring({ expiresAt: LATER, expiresInSeconds: 60 }),
    400,
    "ERR_INVALID_REQUEST",
  ],
  ["an expiry that is no text", expiring({ expiresAt: 1 }), 400, "ERR_INVALID_REQUEST"],
  ["an expiry that is null", expiring({ expiresOn: null }), 400, "ERR_INVALID_REQUEST"],
  ["an instant without a zone", expiring({ expiresAt: LOCAL }), 400, "ERR_INVALID_REQUEST"],
  ["an instant of no calendar", expiring({ expiresAt: NO_DAY }), 400, "ERR_INVALID_REQUEST"],
  ["a local time with a zone", expiring({ expiresOn: LATER }), 400, "ERR_INVALID_REQUEST"],
  ["a day without a time", expiring({ expiresOn: "2050-12-31" }), 400, "ERR_INVALID_REQUEST"],
  ["a duration of nothing", expiring({ expiresInSeconds: 0 }), 400, "ERR_INVALID_REQUEST"],
  ["a duration before now", expiring({ expiresInSeconds: -60 }), 400, "ERR_INVALID_REQUEST"],
  ["half a second", expiring({ expiresInSeconds: 1.5 }), 400, "ERR_INVALID_REQUEST"],
  ["a duration as text", expiring({ expiresInSeconds: "60" }), 400, "ERR_INVALID_REQUEST"],
  ["a duration of ages", expiring({ expiresInSeconds: 1e15 }), 400, "ERR_INVALID_REQUEST"],
  ["a duration beyond numbers", expiring({ expiresInSeconds: 1e300 }), 400, "ERR_INVALID_REQUEST"],
  [
    "an instant of the past",
    expiring({ expiresAt: "2021-06-30T12:00:00Z" }),
    422,
    "ERR_EXPIRY_PAST",
  ],
  ["a local time of the past", expiring({ expiresOn: "2021-06-30T12:00" }), 422, "ERR_EXPIRY_PAST"],
  ["an array", "[]", 400, "ERR_INVALID_REQUEST"],
  ["null", "null", 400, "ERR_INVALID_REQUEST"],
  ["half of a document", '{"alias":', 400, "ERR_INVALID_REQUEST"],
  ["nothing", "", 400, "ERR_INVALID_REQUEST"],
  [
    "more than fits",
    JSON.stringify({ alias: "a".repeat(MAX_BODY_BYTES) }),
    413,
    "ERR_BODY_TOO_LARGE",
  ],
];

for (const [what, body, status, code] of BODIES) {
  test(`answers a body of ${what} with ${status} ${code}`, async () => {
    await withApi(async ({ post, request }) => {
      const answer = await post(body);
      assert.equal([answer.status, answer.body?.["code"]], [status, code]);
      assert.is(answer.headers.get("Content-Type"), "application/problem+json");
      assert.equal((await request("/v1/keys")).body, { keys: [] });
    });
  });
}

/** The same by the clock of this machine. */
const EXPIRES_ON = new Date(LATER).toLocaleString("sv").replace(" ", "T");

for (
  const expiry of [
    { expiresAt: LATER },
    { expiresAt: "2051-01-01t05:29:59+05:30" },
    { expiresOn: EXPIRES_ON },
  ]
) {
  test(`answers and shows the expiry that is stored for ${JSON.stringify(expiry)}`, async () => {
    await withApi(async ({ request, post }) => {
      const { status, body } = await post({ alias: "a", ...expiry });
      const shown = (await request("/v1/keys/a")).body;
      assert.is(status, 201);
      for (const key of [body, shown]) {
        assert.is(key?.["expiresAt"], "2050-12-31T23:59:59.000Z");
        assert.is(key?.["expiresOn"], EXPIRES_ON);
      }
      assert.is(shown?.["expired"], false);
    });
  });
}

test("counts seconds from the creation on", async () => {
  await withApi(async ({ post }) => {
    const { body } = await post({ alias: "a", expiresInSeconds: 86_400 });
    const createdMs = Date.parse(String(body?.["createdAt"]));
    const expiresMs = Date.parse(String(body?.["expiresAt"]));
    assert.is(expiresMs, Math.floor(createdMs / 1000) * 1000 + 86_400_000);
  });
});

for (const zone of ["America/New_York", "Asia/Tokyo"]) {
  test(`lists keys of the first and the last year in ${zone}`, async () => {
    const before = process.env["TZ"];
    process.env["TZ"] = zone;
    try {
      const expiries = ["9999-12-31T23:59:59", "0000-01-01T00:00:00"];
      const list = () =>
        Promise.resolve(expiries.map((text) => ({
          alias: parseAlias(text),
          lastCharacters: "abcd",
          createdAt: 253_402_300_800_000 as Instant,
          expiry: parseExpiry(text),
          isDisabled: false,
          metadata: NO_METADATA,
          use: unused(),
        })));
      const usage = { of: () => ({ uses: 0, lastUsedAt: undefined }) } as unknown as UsageService;
      const [route] = keyRoutes({ list } as unknown as KeyService, usage, systemClock);
      assert.ok(route);
      const call = {
        peer: ROOT,
        header: () => undefined,
        parameters: {},
        query: undefined,
        body: undefined,
      };
      const { body } = await route.respond(call);
      assert.is(v.parse(keyListSchema, body).keys.length, 2);
    } finally {
      if (before === undefined) delete process.env["TZ"];
      else process.env["TZ"] = before;
    }
  });
}

test("wants JSON to be called JSON", async () => {
  await withApi(async ({ request }) => {
    const answer = await request("/v1/keys", { method: "POST", body: '{"alias":"a"}' });
    assert.equal([answer.status, answer.body?.["code"]], [415, "ERR_MEDIA_TYPE"]);
  });
});

test("says which methods a resource has", async () => {
  await withApi(async ({ request }) => {
    const answer = await request("/v1/keys", { method: "PATCH" });
    assert.equal([answer.status, answer.headers.get("Allow")], [405, "GET, POST"]);
  });
});

test("refuses browsers, root's too", async () => {
  await withApi(async ({ request }) => {
    const answer = await request("/v1/keys", { headers: { Origin: "http://localhost" } });
    assert.equal([answer.status, answer.body?.["code"]], [403, "ERR_ORIGIN_FORBIDDEN"]);
  });
});

test("keeps the text of a defect from the caller and gives it to the log", async () => {
  await withApi(async ({ parts, defects }) => {
    const route = {
      method: "GET",
      path: "/broken",
      access: "anyone",
      act: "break",
      recorded: "refusals",
      operationId: "break",
      summary: "Break",
      responses: {},
      problems: [],
      respond: () => Promise.reject(new Error("with a secret in it")),
    } as const;
    const broken = { ...parts, routes: [route] };
    const environment = bindings(ROOT);
    const response = await createApp(broken).request("/broken", {}, environment);
    assert.equal(await response.json(), {
      title: "Internal Server Error",
      status: 500,
      code: "ERR_INTERNAL",
      requestId: environment.request.id,
    });
    const reply = await callLocally(broken, ROOT, "GET", "/broken", undefined);
    assert.is(reply.status, 500);
    assert.is(defects.length, 2);
  });
});

test("answers in process what it answers over HTTP", async () => {
  await withApi(async ({ parts, request }) => {
    const calls = [
      ["GET", "/v1/keys", undefined],
      ["POST", "/v1/keys", { alias: "x" }],
      ["POST", "/v1/keys", { alias: "x" }],
      ["POST", "/v1/keys", { alias: "y", z: 1 }],
      ["GET", "/v1/keys/nobody", undefined],
      ["GET", "/v1/nothing", undefined],
    ] as const;
    for (const [method, path, body] of calls) {
      const local = await callLocally(parts, peer(1000), method, path, body);
      const code = (local.body as { code?: string }).code;
      // Unlike a stranger on a socket, a command asks only for what there is.
      assert.is(code, path === "/v1/nothing" ? "ERR_ROUTE_UNKNOWN" : "ERR_FORBIDDEN");
    }
    await callLocally(parts, ROOT, "POST", "/v1/keys", { alias: "x" });
    const local = await callLocally(parts, ROOT, "GET", "/v1/keys/x", undefined);
    assert.equal((await request("/v1/keys/x")).body, local.body);
    const again = await callLocally(parts, ROOT, "POST", "/v1/keys", { alias: "x" });
    assert.is((again.body as { code?: string }).code, "ERR_ALIAS_EXISTS");
  });
});

test.run();
