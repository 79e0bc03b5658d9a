import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ApiClient } from "../../src/client/api_client.ts";
import { withFallback } from "../../src/client/fallback.ts";
import { assertTrustedServer } from "../../src/client/server_trust.ts";
import type { Transport } from "../../src/client/transport.ts";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import { OVERFLOW_ID } from "../../src/model/peer_credentials.ts";
import type { Platform } from "../../src/platform/platform.ts";
import { failure, platform } from "../support/open_keystore.ts";
import { requiring } from "../support/requirements.ts";

function answering(status: number, body?: unknown): Transport {
  return { send: () => Promise.resolve({ status, body }) };
}

function failing(code: ErrorCode): Transport {
  return { send: () => Promise.reject(new AppError(code, "no")) };
}

test("gives a problem's code and text, made printable", async () => {
  const body = { title: "Conflict", status: 409, code: "ERR_ALIAS_EXISTS", detail: "a\u001b[2J" };
  const client = new ApiClient(answering(409, body));
  const text = await failure("ERR_ALIAS_EXISTS", () => client.createKey({ alias: "a" }));
  assert.is(text, "a\\u{1b}[2J");
});

for (
  const [what, status, body] of [
    ["no JSON", 200, undefined],
    ["another shape", 200, { keys: [{}] }],
    ["a problem without a code", 500, {}],
    ["a problem with an unknown code", 500, { title: "x", status: 500, code: "ERR_NEW" }],
  ] as const
) {
  test(`does not understand ${what}`, async () => {
    const client = new ApiClient(answering(status, body));
    await failure("ERR_DAEMON_UNREACHABLE", () => client.listKeys());
  });
}

test("serves itself only where nobody listens", async () => {
  const local = answering(200, { keys: [] });
  const client = new ApiClient(
    withFallback(failing("ERR_DAEMON_UNREACHABLE"), () => Promise.resolve(local)),
  );
  assert.equal(await client.listKeys(), []);
  for (const code of ["ERR_SOCKET", "ERR_FORBIDDEN", "ERR_DAEMON_UNTRUSTED"] as const) {
    const refused = new ApiClient(withFallback(failing(code), () => Promise.resolve(local)));
    await failure(code, () => refused.listKeys());
  }
});

test("serves itself in one way for all that a command asks", async () => {
  let opened = 0;
  const inProcess = () => {
    opened++;
    return Promise.resolve(answering(200, { keys: [] }));
  };
  const client = new ApiClient(withFallback(failing("ERR_DAEMON_UNREACHABLE"), inProcess));
  await Promise.all([client.listKeys(), client.listKeys()]);
  await client.listKeys();
  assert.is(opened, 1);
});

test("says that nobody listens where that is why it is not let in", async () => {
  const problem = { title: "Forbidden", status: 403, code: "ERR_FORBIDDEN", detail: "no" };
  const local = answering(403, problem);
  const client = new ApiClient(
    withFallback(failing("ERR_DAEMON_UNREACHABLE"), () => Promise.resolve(local)),
  );
  const message = await failure("ERR_FORBIDDEN", () => client.verify("x"));
  assert.match(message, /^no \(.+\)$/);
});

const OWNERS = [0, 500];

const SERVERS: readonly {
  readonly what: string;
  readonly uid: number | undefined;
  readonly confined: boolean;
  readonly code: ErrorCode | undefined;
}[] = [
  { what: "root", uid: 0, confined: false, code: undefined },
  { what: "the keystore's owner", uid: 500, confined: false, code: undefined },
  { what: "another user", uid: 1000, confined: false, code: "ERR_DAEMON_UNTRUSTED" },
  { what: "nobody known", uid: undefined, confined: false, code: "ERR_DAEMON_UNTRUSTED" },
  { what: "nobody", uid: OVERFLOW_ID, confined: false, code: "ERR_DAEMON_UNTRUSTED" },
  {
    what: "a root outside this namespace",
    uid: OVERFLOW_ID,
    confined: true,
    code: "ERR_FORBIDDEN",
  },
];

const NO_SOCKET = {} as Parameters<Platform["peerCredentials"]>[0];

for (const { what, uid, confined, code } of SERVERS) {
  test(`${code === undefined ? "trusts" : "does not trust"} a server of ${what}`, async () => {
    const fake: Platform = {
      ...platform,
      self: { ...platform.self, isConfined: confined },
      peerCredentials: () => uid === undefined ? undefined : { uid, gid: 1, groups: [], pid: 1 },
    };
    const check = () => assertTrustedServer(NO_SOCKET, fake, [...OWNERS, OVERFLOW_ID], "/nowhere");
    if (code === undefined) check();
    else await failure(code, check);
  });
}

const rootTest = requiring(test, "linux", "root");

/** A socket at `/run/…/s`, which only root can have put there. */
const PLACES: readonly {
  readonly what: string;
  readonly change: (folder: string) => void;
  readonly isTrusted: boolean;
  readonly uid?: number;
  readonly confined?: boolean;
}[] = [
  { what: "as it is", change: () => {}, isTrusted: true },
  { what: "where its group may write", change: (f) => chmodSync(f, 0o775), isTrusted: false },
  { what: "where all may write", change: (f) => chmodSync(f, 0o1777), isTrusted: false },
  { what: "in another user's folder", change: (f) => chownSync(f, 1000, 0), isTrusted: false },
  { what: "of another user's", change: (f) => chownSync(join(f, "s"), 1000, 0), isTrusted: false },
  {
    what: "that a link names",
    change: (f) => {
      renameSync(join(f, "s"), join(f, "t"));
      symlinkSync("t", join(f, "s"));
    },
    isTrusted: false,
  },
  { what: "of nobody's", change: () => {}, isTrusted: false, uid: OVERFLOW_ID },
  { what: "in a user namespace", change: () => {}, isTrusted: false, confined: true },
];

for (const { what, change, isTrusted, uid = 1234, confined = false } of PLACES) {
  rootTest(
    `${isTrusted ? "trusts" : "does not trust"} whoever listens at a socket ${what}`,
    async () => {
      const folder = mkdtempSync("/run/apikey-trust-");
      try {
        chmodSync(folder, 0o755);
        const server = createServer().listen(join(folder, "s"));
        await once(server, "listening");
        change(folder);
        const fake: Platform = {
          ...platform,
          self: { ...platform.self, isConfined: confined },
          peerCredentials: () => ({ uid, gid: 1, groups: [], pid: 1 }),
        };
        const check = () => assertTrustedServer(NO_SOCKET, fake, OWNERS, join(folder, "s"));
        if (isTrusted) check();
        else assert.throws(check, (error: Error) => error instanceof AppError);
        server.close();
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
}

test.run();
