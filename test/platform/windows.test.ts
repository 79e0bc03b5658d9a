import { fstatSync, openSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { NativeFunction } from "../../src/platform/native_library.ts";
import { reportEvent } from "../../src/platform/windows/event_log.ts";
import type { WindowsLibraries } from "../../src/platform/windows/libraries.ts";
import { isLocalPipe, openSocket } from "../../src/platform/windows/pipe.ts";
import { ownToken } from "../../src/platform/windows/process_token.ts";
import { descriptorOfFile } from "../../src/platform/windows/security_descriptor.ts";
import { SID } from "../../src/platform/windows/sid.ts";

const USER = "S-1-5-21-1-2-4000000000-1001";

/** MS-DTYP, section 2.4.2.2. */
function encodeSid(sid: string): Uint8Array {
  const [, revision = 0, authority = 0, ...subs] = sid.split("-").map(Number);
  const view = new DataView(new ArrayBuffer(8 + 4 * subs.length));
  view.setUint8(0, revision);
  view.setUint8(1, subs.length);
  view.setUint32(4, authority);
  for (const [index, sub] of subs.entries()) view.setUint32(8 + 4 * index, sub, true);
  return new Uint8Array(view.buffer);
}

/** MS-DTYP, section 2.4.5. */
function encodeAcl(entries: readonly (readonly [type: number, flags: number, sid: string])[]) {
  const aces = entries.map(([type, flags, sid]) => {
    const octets = encodeSid(sid);
    const header = new DataView(new ArrayBuffer(8));
    header.setUint8(0, type);
    header.setUint8(1, flags);
    header.setUint16(2, 8 + octets.length, true);
    header.setUint32(4, 0x1f01ff, true);
    return Buffer.concat([new Uint8Array(header.buffer), octets]);
  });
  const header = new DataView(new ArrayBuffer(8));
  header.setUint8(0, 2);
  header.setUint16(2, 8 + Buffer.concat(aces).length, true);
  header.setUint16(4, aces.length, true);
  return Buffer.concat([new Uint8Array(header.buffer), ...aces]);
}

/** A Windows of these functions, and a memory that they can put something into. */
class FakeWindows {
  readonly #memory = new Map<bigint, Uint8Array>();
  readonly #functions: Record<string, NativeFunction>;

  constructor(functions: (windows: FakeWindows) => Record<string, NativeFunction>) {
    this.#functions = functions(this);
  }

  /** @returns the address */
  put(octets: Uint8Array): bigint {
    const address = BigInt(4096 * (this.#memory.size + 1));
    this.#memory.set(address, octets);
    return address;
  }

  get libraries(): WindowsLibraries {
    const library = {
      symbol: (name: string) => this.#functions[name] ?? (() => 0),
      readInt32: () => undefined,
      address: () => 0n,
    };
    const readMemory = (address: bigint, length: number) => {
      const octets = this.#memory.get(address);
      if (octets === undefined || octets.length < length) throw new Error("read beyond");
      return octets.slice(0, length);
    };
    const addressOf = (octets: Uint8Array) => this.put(octets);
    return { kernel32: library, advapi32: library, runtime: library, readMemory, addressOf };
  }
}

function setPointer(target: unknown, value: bigint): void {
  if (!(target instanceof Uint8Array)) throw new TypeError("no room for a pointer");
  new DataView(target.buffer, target.byteOffset).setBigUint64(0, value, true);
}

/** A process as whom Windows says that it runs. */
function running(user: string, groups: readonly (readonly [sid: string, attributes: number])[]) {
  return new FakeWindows((windows) => {
    const userInformation = new DataView(new ArrayBuffer(16));
    userInformation.setBigUint64(0, windows.put(encodeSid(user)), true);
    const groupInformation = new DataView(new ArrayBuffer(8 + 16 * groups.length));
    groupInformation.setUint32(0, groups.length, true);
    for (const [index, [sid, attributes]] of groups.entries()) {
      groupInformation.setBigUint64(8 + 16 * index, windows.put(encodeSid(sid)), true);
      groupInformation.setUint32(16 + 16 * index, attributes, true);
    }
    const information: Record<number, DataView> = { 1: userInformation, 2: groupInformation };
    return {
      OpenProcessToken: () => 1,
      GetTokenInformation(_token, kind, out, room, needed) {
        const answer = new Uint8Array(information[Number(kind)]?.buffer ?? new ArrayBuffer(0));
        if (needed instanceof Uint8Array) needed.set([answer.length]);
        if (!(out instanceof Uint8Array) || Number(room) < answer.length) return 0;
        out.set(answer);
        return 1;
      },
    };
  });
}

const ENABLED = 0x7;
const DENY_ONLY = 0x10;

for (
  const [who, user, groups, isElevated] of [
    ["the system", SID.system, [], true],
    ["an elevated administrator", USER, [[SID.everyone, 7], [SID.administrators, ENABLED]], true],
    ["an administrator who has not elevated", USER, [[SID.administrators, DENY_ONLY]], false],
    ["an ordinary user", USER, [[SID.everyone, ENABLED]], false],
  ] as const
) {
  test(`knows ${who}`, () => {
    assert.equal(ownToken(running(user, groups).libraries), { user, isElevated });
  });
}

test("lets go of a connection that Node does not take", () => {
  const descriptor = openSync(import.meta.filename, "r");
  const { libraries } = new FakeWindows(() => ({ uv_open_osfhandle: () => descriptor }));
  const onOpen = () => assert.unreachable();
  const end = { handle: 1n, isServer: true };
  assert.throws(() => openSocket({ libraries, user: undefined, onOpen }, end), /EPIPE/);
  assert.throws(() => fstatSync(descriptor), /EBADF/);
});

function fileOf(owner: string, acl: Uint8Array | undefined): WindowsLibraries {
  return new FakeWindows((windows) => ({
    GetNamedSecurityInfoW(_path, _type, _what, ownerOut, _group, daclOut) {
      setPointer(ownerOut, windows.put(encodeSid(owner)));
      setPointer(daclOut, acl === undefined ? 0n : windows.put(acl));
      return 0;
    },
  })).libraries;
}

test("reads an access control list, entries of unknown kinds as anybody's", () => {
  const acl = encodeAcl([
    [0, 0, SID.administrators],
    [1, 0, SID.everyone],
    [0, 0xb, SID.creatorOwner],
    [5, 0, USER],
  ]);
  const { owner, entries } = descriptorOfFile(fileOf(SID.system, acl), "C:\\file");
  assert.is(owner, "S-1-5-18");
  assert.equal(
    entries?.map(({ sid, isAllowed, isForChildrenOnly }) => [
      sid,
      isAllowed,
      isForChildrenOnly,
    ]),
    [
      ["S-1-5-32-544", true, false],
      ["S-1-1-0", false, false],
      ["S-1-3-0", true, true],
      ["S-1-0-0", true, false],
    ],
  );
});

test("takes no list for what it is: everybody may do everything", () => {
  assert.is(descriptorOfFile(fileOf(USER, undefined), "C:\\file").entries, undefined);
});

for (
  const [record, type] of [
    ["error cannot open keystore", 1],
    ["warn the group can write", 2],
    ["info listening", 4],
    ["odd", 4],
  ] as const
) {
  test(`puts '${record}' into the event log as what it is`, () => {
    const events: unknown[] = [];
    const { libraries } = new FakeWindows(() => ({
      RegisterEventSourceW: () => 9n,
      ReportEventW(log, kind, _category, id) {
        events.push([log, kind, id]);
        return 1;
      },
    }));
    reportEvent(libraries, "apikey", record);
    assert.equal(events, [[9n, type, 1]]);
  });
}

for (
  const [path, isLocal] of [
    ["\\\\.\\pipe\\ProtectedPrefix\\Administrators\\metricshub-apikey", true],
    ["\\\\?\\PIPE\\a", true],
    ["\\\\.\\pipe\\", false],
    ["\\\\other-host\\pipe\\metricshub-apikey", false],
    ["C:\\keys\\pipe\\a", false],
  ] as const
) {
  test(`takes ${path} for ${isLocal ? "" : "no "}pipe of this host`, () => {
    assert.is(isLocalPipe(path), isLocal);
  });
}

test.run();
