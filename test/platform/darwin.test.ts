import type { Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { darwinPlatform } from "../../src/platform/darwin.ts";
import type { NativeFunction, NativeLibrary } from "../../src/platform/native_library.ts";

const PROCESS = {
  pid: 1,
  geteuid: () => 501,
  getegid: () => 20,
  getgroups: () => [20],
  umask: () => 0o22,
  kill: () => true as const,
};

const SOCKET = { _handle: { fd: 9 } } as unknown as Socket;

/** A C library whose getsockopt(2) answers as macOS documents it. */
function libcAnswering(options: Record<number, Uint32Array | undefined>): NativeLibrary {
  const functions: Record<string, NativeFunction> = {
    getsockopt: (fd, level, option, value) => {
      const answer = options[Number(option)];
      if (fd !== 9 || level !== 0 || !answer || !(value instanceof Uint8Array)) return -1;
      value.set(new Uint8Array(answer.buffer).subarray(0, value.length));
      return 0;
    },
  };
  return {
    symbol: (name) => functions[name] ?? (() => 0),
    readInt32: () => undefined,
  };
}

function xucred(version: number, uid: number, groups: readonly number[]): Uint32Array {
  const answer = new Uint32Array(19);
  answer.set([version, uid, groups.length, ...groups]);
  return answer;
}

test("reads uid, groups and pid of a peer", () => {
  const libc = libcAnswering({ 1: xucred(0, 502, [20, 80, 12]), 2: Uint32Array.of(77) });
  assert.equal(darwinPlatform(PROCESS, libc).peerCredentials(SOCKET), {
    uid: 502,
    gid: 20,
    groups: [20, 80, 12],
    pid: 77,
  });
});

for (
  const [what, answer] of [
    ["no answer", undefined],
    ["another version of the structure", xucred(1, 0, [0])],
    ["no groups", xucred(0, 0, [])],
  ] as const
) {
  test(`knows nobody from ${what}`, () => {
    const libc = libcAnswering({ 1: answer, 2: Uint32Array.of(77) });
    assert.is(darwinPlatform(PROCESS, libc).peerCredentials(SOCKET), undefined);
  });
}

test.run();
