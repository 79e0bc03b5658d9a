import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { RequestLog } from "../../src/daemon/request_log.ts";
import type { LogLevel } from "../../src/model/log_level.ts";
import { RequestIds, type TracedRequest } from "../../src/model/request_id.ts";
import { gatheringLog, toldBy } from "../support/gathering_log.ts";

const PEER = { uid: 3, gid: 3, groups: [], pid: 7 };

function setUp(level: LogLevel) {
  const { log, limited, records } = gatheringLog(level);
  let now = 0;
  const ids = new RequestIds(new Uint8Array(8));
  const requestLog = new RequestLog({ log, limited, ids, nowMs: () => now });
  return {
    requestLog,
    told: () => records.splice(0).map(toldBy),
    pass: (ms: number) => now += ms,
  };
}

const ASKED = { method: "GET", peer: PEER };

test("tells of a request once it has its answer, by the name that the answer has", async () => {
  const { requestLog, told, pass } = setUp("debug");
  let traced: TracedRequest | undefined;
  const answer = requestLog.following(ASKED, async (request) => {
    traced = request;
    request.path = "/v1/keys/:alias";
    request.code = "ERR_ALIAS_UNKNOWN";
    pass(1.5);
    return await Promise.resolve(new Response(null, { status: 404 }));
  });
  assert.equal(told(), []);
  await answer;
  const line = { level: "debug", message: "request", method: "GET", path: "/v1/keys/:alias" };
  assert.equal(told(), [{
    ...line,
    ...{ status: 404, code: "ERR_ALIAS_UNKNOWN", ms: 1.5, uid: 3, pid: 7 },
    requestId: traced?.id,
  }]);
});

test("an answer that fails is told by whoever it fails for", async () => {
  const { requestLog, told } = setUp("debug");
  const answer = requestLog.following(ASKED, () => Promise.reject(new Error("no")));
  assert.is((await Promise.resolve(answer).catch((error) => error)).message, "no");
  assert.equal(told(), []);
});

test("of a direct answer neither the query nor what is not the route's is told", () => {
  const { requestLog, told, pass } = setUp("debug");
  const response = Object.assign(new EventEmitter(), { statusCode: 204 });
  const ask = (url: string, isAnswered: boolean) => {
    const request = { method: "GET", url } as IncomingMessage;
    const direct = requestLog.watching(() => isAnswered);
    return direct(request, response as unknown as ServerResponse, PEER);
  };
  assert.not(ask("/secret?secret", false));
  assert.ok(ask("/v1/auth?secret", true));
  pass(0.25);
  response.emit("finish");
  const line = { level: "debug", message: "request", method: "GET", path: "/v1/auth" };
  assert.equal(told(), [{
    ...line,
    status: 204,
    ms: 0.25,
    uid: 3,
    pid: 7,
    requestId: "00000000-1",
  }]);
});

test("unless each request is told, nothing is done for one", () => {
  const { requestLog, told } = setUp("info");
  const response = new EventEmitter() as unknown as ServerResponse;
  const direct = requestLog.watching(() => true);
  assert.ok(direct({ method: "GET", url: "/v1/auth" } as IncomingMessage, response, PEER));
  assert.is(response.listenerCount("finish"), 0);
  const answer = new Response();
  assert.is(requestLog.following(ASKED, () => answer), answer);
  requestLog.malformed(PEER, 400);
  assert.equal(told(), []);
});

test("who asks for too much is told by uid, and each answer has a name of its own", () => {
  const { requestLog, told } = setUp("warn");
  const ids = [
    requestLog.tooManyRequests(PEER),
    requestLog.tooManyRequests(PEER),
    requestLog.tooManyConnections(() => undefined),
    requestLog.malformed(undefined, 400),
  ];
  assert.is(new Set(ids).size, ids.length);
  requestLog.cutOff(PEER);
  const warning = { level: "warn" };
  assert.equal(told(), [
    { ...warning, message: "too many requests", uid: 3, pid: 7, requestId: ids[0] },
    { ...warning, message: "too many connections", requestId: ids[2] },
    { ...warning, message: "connection cut off", uid: 3, pid: 7 },
  ]);
});

test("requests of another start have other names", () => {
  const names = Array.from({ length: 1_000 }, () => new RequestIds().next());
  assert.is(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[0-9a-hjkmnp-tv-z]{8}-1$/);
});

test.run();
