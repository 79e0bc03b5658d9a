import { test } from "uvu";
import * as assert from "uvu/assert";
import { inheritedSocket } from "../../src/daemon/activation.ts";
import { AppError } from "../../src/errors.ts";

const PASSED = { LISTEN_PID: "7", LISTEN_FDS: "1", LISTEN_FDNAMES: "apikey" };
const PATH = "/run/metricshub/apikey.sock";

function inherit(
  env: Readonly<Record<string, string | undefined>>,
  listeningPath: (descriptor: number) => string | undefined = () => PATH,
) {
  return inheritedSocket(env, { self: { pid: 7 }, listeningPath });
}

test("takes the one socket that is passed", () => {
  const asked: number[] = [];
  const socket = inherit(PASSED, (descriptor) => {
    asked.push(descriptor);
    return PATH;
  });
  assert.equal(socket, { descriptor: 3, path: PATH });
  assert.equal(asked, [3]);
  assert.equal(inherit({ ...PASSED, LISTEN_FDNAMES: undefined })?.path, PATH);
});

for (const env of [{}, { ...PASSED, LISTEN_PID: "8" }, { ...PASSED, LISTEN_PID: "" }]) {
  test(`takes nothing that is for nobody or another process: ${JSON.stringify(env)}`, () => {
    const neverAsked = () => {
      throw new Error("nothing was passed");
    };
    assert.is(inherit(env, neverAsked), undefined);
  });
}

for (
  const env of [
    { ...PASSED, LISTEN_FDS: "2", LISTEN_FDNAMES: "apikey:apikey" },
    { ...PASSED, LISTEN_FDS: "0" },
    { ...PASSED, LISTEN_FDS: "one" },
    { ...PASSED, LISTEN_FDNAMES: "other" },
    { ...PASSED, LISTEN_FDNAMES: "" },
  ]
) {
  test(`refuses ${env.LISTEN_FDS} sockets called '${env.LISTEN_FDNAMES}'`, () => {
    assert.throws(() => inherit(env), isUnfit);
  });
}

test("refuses what does not listen", () => {
  assert.throws(() => inherit(PASSED, () => undefined), isUnfit);
});

function isUnfit(error: unknown): boolean {
  return error instanceof AppError && error.code === "ERR_SOCKET";
}

test.run();
