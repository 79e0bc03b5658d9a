import { test } from "uvu";
import * as assert from "uvu/assert";
import { modeOf, privateSddl } from "../../src/platform/windows/access_control.ts";
import type { AccessEntry } from "../../src/platform/windows/security_descriptor.ts";
import { SID } from "../../src/platform/windows/sid.ts";

const USER = "S-1-5-21-1-2-3-1001";
const SERVICE = "S-1-5-80-1-2-3-4-5";
const USERS = "S-1-5-32-545";
const READ = 0x1200a9;
const FULL = 0x1f01ff;

function allow(sid: string, mask = FULL, rest: Partial<AccessEntry> = {}): AccessEntry {
  return { isAllowed: true, isForChildrenOnly: false, mask, sid, ...rest };
}

const OWN = [allow(SID.system), allow(SID.administrators), allow(USER)];

for (
  const [what, entries, mode] of [
    ["administrators, the system and the owner", OWN, 0o600],
    ["users, to read", [...OWN, allow(USERS, READ)], 0o604],
    ["everybody, to do everything", [allow(SID.everyone)], 0o606],
    ["everybody, by a generic right", [allow(SID.everyone, 0x1000_0000)], 0o606],
    ["a service", [...OWN, allow(SERVICE, READ)], 0o640],
    ["somebody who may delete it", [...OWN, allow(SERVICE, 0x1_0000)], 0o620],
    ["an entry of an unknown kind", [...OWN, allow(SID.unknown)], 0o606],
    ["users, to make files among others' files", [...OWN, allow(USERS, 0x116)], 0o1602],
    ["users, to make files and delete any", [...OWN, allow(USERS, 0x156)], 0o602],
    ["files in a folder only", [allow(USERS, FULL, { isForChildrenOnly: true })], 0o600],
    ["nobody, by a denial", [allow(USERS, FULL, { isAllowed: false })], 0o600],
    ["all, where there is no list", undefined, 0o666],
  ] as const
) {
  test(`knows what is open to ${what}`, () => {
    assert.is(modeOf({ owner: USER, entries }), mode);
  });
}

test("opens what is private to administrators and the system, and to an ordinary user's own", () => {
  assert.is(privateSddl(undefined), "O:BAD:P(A;;GA;;;BA)(A;;GA;;;SY)");
  assert.is(
    privateSddl(USER, { inherits: true }),
    `O:${USER}D:P(A;OICI;GA;;;BA)(A;OICI;GA;;;SY)(A;OICI;GA;;;${USER})`,
  );
});

test("keeps whom a file is open to that is replaced, denials first", () => {
  const denied = allow(USERS, READ, { isAllowed: false });
  const like = { owner: SID.administrators, entries: [...OWN, denied, allow(SERVICE, READ)] };
  assert.is(
    privateSddl(undefined, { like }),
    `O:BAD:P(D;;0x1200a9;;;${USERS})(A;;0x1f01ff;;;${USER})(A;;0x1200a9;;;${SERVICE})` +
      "(A;;GA;;;BA)(A;;GA;;;SY)",
  );
});

test("does not keep what it does not understand, or that there is no list", () => {
  for (const entries of [undefined, [allow(SID.unknown)]]) {
    assert.is(privateSddl(undefined, { like: { owner: USER, entries } }), privateSddl(undefined));
  }
});

test.run();
