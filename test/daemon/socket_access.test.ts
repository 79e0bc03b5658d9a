import { test } from "uvu";
import * as assert from "uvu/assert";
import { socketAccess } from "../../src/daemon/socket_access.ts";

const NONE = { mode: undefined, gid: undefined };

test("opens a socket to the groups that have business there, and to nobody else", () => {
  const cases = [
    [NONE, [], { mode: 0o600, gid: undefined }],
    [NONE, [7], { mode: 0o660, gid: 7 }],
    [NONE, [7, 7], { mode: 0o660, gid: 7 }],
    [NONE, [7, 8], { mode: 0o666, gid: undefined }],
    [{ mode: undefined, gid: 5 }, [], { mode: 0o660, gid: 5 }],
    [{ mode: undefined, gid: 5 }, [7, 8], { mode: 0o660, gid: 5 }],
    [{ mode: 0o600, gid: undefined }, [7], { mode: 0o600, gid: 7 }],
    [{ mode: 0o666, gid: 5 }, [], { mode: 0o666, gid: 5 }],
  ] as const;
  for (const [wanted, gids, access] of cases) assert.equal(socketAccess(wanted, gids), access);
});

test.run();
