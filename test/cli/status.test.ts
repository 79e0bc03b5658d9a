// One screen on who serves what; what it says is the API's, but for the command's own version.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findVersionSkew } from "../../src/client/version_skew.ts";
import { runCommand } from "../support/run_command.ts";

const STATUS = {
  version: "1.2.3",
  server: {
    role: "daemon",
    pid: 4711,
    socket: "/run/s.sock",
    startedAt: "2049-12-31T00:00:00.000Z",
    connections: { open: 3, users: 1 },
  },
  keystore: {
    path: "/k.p12",
    exists: true,
    keys: 3,
    otherEntries: 1,
    states: { valid: 2, expired: 0, disabled: 1, replaced: 0, unsupported: 0, unreadable: 0 },
    savedAt: "2049-12-30T00:00:00.000Z",
  },
  password: { source: "keystore-folder", path: "/k.password" },
  auditLog: "journal",
  warnings: ["Something\u001b[2J: mend it"],
};

async function told(status: unknown, ...flags: string[]) {
  const answer = () => ({ status: 200, body: status });
  return await runCommand(["status", ...flags], { answer });
}

test("says it all on one screen, and nothing that a terminal would obey", async () => {
  const { status, out } = await told(STATUS);
  assert.is(status, 0);
  assert.is(
    out,
    `Served by: daemon, pid 4711, version 1.2.3, since 2049-12-31T00:00:00.000Z
Socket:    /run/s.sock
Peers:     3 connections of 1 user
Keystore:  /k.p12
Content:   3 API keys (2 valid, 1 disabled), 1 other entry
Saved:     2049-12-30T00:00:00.000Z
Password:  from the password file beside the keystore, /k.password
Audit log: journal
Warning:   Something\\u{1b}[2J: mend it
`,
  );
});

test("a daemon of before says less", async () => {
  const { connections: _connections, ...server } = STATUS.server;
  const { states: _states, savedAt: _savedAt, ...keystore } = STATUS.keystore;
  const { out, status } = await told({ ...STATUS, version: "1.1.0", server, keystore });
  assert.is(status, 0);
  assert.match(out, /^Content: +3 API keys, 1 other entry$/m);
  assert.not.match(out, /^(Peers|Saved):/m);
});

test("where daemon and command differ the first warning says what to do", async () => {
  const { out } = await told({ ...STATUS, version: "1.1.9" });
  assert.match(out, /^Command: +version 1\.2\.3$/m);
  assert.match(out, /^Warning: +[^\n]*1\.1\.9[^\n]*1\.2\.3: systemctl restart metricshub-apikey$/m);
  const { out: json } = await told({ ...STATUS, version: "1.1.9" }, "--json");
  const { version, commandVersion, warnings } = JSON.parse(json);
  assert.equal([version, commandVersion, warnings.length], ["1.1.9", "1.2.3", 2]);
});

/** The command's version, the daemon's, and whether it is the daemon that is to be started anew. */
const SKEWS = [
  ["1.2.3", "1.2.3", undefined],
  ["1.2.3", "1.2.2", true],
  ["1.10.0", "1.9.9", true],
  ["2.0.0", "1.99.99", true],
  ["1.2.3", "1.2.3-rc.1", true],
  ["1.2.3", "nonsense", true],
  ["1.2.2", "1.2.3", false],
  ["1.9.9", "1.10.0", false],
  ["1.2.3-rc.1", "1.2.3", false],
] as const;

for (const [command, daemon, restart] of SKEWS) {
  test(`a daemon ${daemon} to a command ${command}`, () => {
    const skew = findVersionSkew(command, daemon);
    assert.is(skew === undefined ? undefined : /^systemctl restart/.test(skew.remedy), restart);
  });
}

test.run();
