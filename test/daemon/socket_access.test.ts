import { test } from "uvu";
import * as assert from "uvu/assert";
import { socketAccess } from "../../src/daemon/socket_access.ts";

const NONE = { mode: undefined, group: undefined };

test("opens a socket to the groups that have business there, and to nobody else", () => {
  const cases = [
    [NONE, [], { mode: 0o600, group: undefined }],
    [NONE, [7], { mode: 0o660, group: 7 }],
    [NONE, [7, 7], { mode: 0o660, group: 7 }],
    [NONE, [7, 8], { mode: 0o666, group: undefined }],
    [{ mode: undefined, group: 5 }, [], { mode: 0o660, group: 5 }],
    [{ mode: undefined, group: 5 }, [7, 8], { mode: 0o660, group: 5 }],
    [{ mode: 0o600, group: undefined }, [7], { mode: 0o600, group: 7 }],
    [{ mode: 0o666, group: 5 }, [], { mode: 0o666, group: 5 }],
  ] as const;
  for (const [wanted, groups, access] of cases) assert.equal(socketAccess(wanted, groups), access);
});

test.run();
