// A command and a daemon of different versions: what they do not understand of each other is explained.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ApiClient } from "../../src/client/api_client.ts";
import type { ApiRequest, ApiResponse } from "../../src/client/transport.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { failure } from "../support/open_keystore.ts";

const OWN = "0.2.0";

const KEY = {
  alias: "a",
  maskedKey: "****1234",
  createdAt: null,
  expiresAt: null,
  expiresOn: null,
};

/** A daemon of another version, of which that is all that is there in any version. */
function daemonOf(version: string, answer: ApiResponse, asked: ApiRequest[] = []) {
  const send = (request: ApiRequest): Promise<ApiResponse> => {
    asked.push(request);
    return Promise.resolve(
      request.path === "/v1/status" ? { status: 200, body: { version, later: true } } : answer,
    );
  };
  return new ApiClient({ send }, OWN);
}

const problem = (status: number, code: ErrorCode): ApiResponse => ({
  status,
  body: { title: "No", status, code, detail: "no" },
});

const ANSWERS: readonly (readonly [string, ApiResponse, ErrorCode])[] = [
  ["does not know the path", problem(404, "ERR_ROUTE_UNKNOWN"), "ERR_ROUTE_UNKNOWN"],
  ["does not know the method", problem(405, "ERR_METHOD_NOT_ALLOWED"), "ERR_METHOD_NOT_ALLOWED"],
  ["does not know a field", problem(400, "ERR_INVALID_REQUEST"), "ERR_INVALID_REQUEST"],
  ["leaves out a field", { status: 200, body: { keys: [KEY] } }, "ERR_DAEMON_UNREACHABLE"],
  [
    "has a code of its own",
    { status: 409, body: { title: "No", status: 409, code: "ERR_OF_TOMORROW" } },
    "ERR_DAEMON_UNREACHABLE",
  ],
];

for (const [what, answer, code] of ANSWERS) {
  test(`says to start a daemon anew that is older and ${what}`, async () => {
    const text = await failure(code, () => daemonOf("0.1.9", answer).listKeys());
    assert.match(text, "the daemon is version 0.1.9, this command 0.2.0: systemctl restart");
  });

  test(`says which executable to use where the daemon is newer and ${what}`, async () => {
    const text = await failure(code, () => daemonOf("0.3.0", answer).listKeys());
    assert.match(text, "the daemon is version 0.3.0, this command 0.2.0: use the executable");
  });

  test(`has nothing to add where versions are the same and the daemon ${what}`, async () => {
    const text = await failure(code, () => daemonOf(OWN, answer).listKeys());
    assert.not.match(text, "version 0.2.0");
  });
}

test("does not ask for versions where the daemon has understood", async () => {
  const asked: ApiRequest[] = [];
  const text = await failure(
    "ERR_ALIAS_UNKNOWN",
    () => daemonOf("0.1.9", problem(404, "ERR_ALIAS_UNKNOWN"), asked).getKey("a"),
  );
  assert.is(text, "no");
  assert.equal(asked.map(({ path }) => path), ["/v1/keys/a"]);
});

test("takes what a newer daemon says more", async () => {
  const answer = { status: 200, body: { keys: [], more: { of: "it" } } };
  assert.equal(await daemonOf("0.3.0", answer).listKeys(), []);
});

test.run();
