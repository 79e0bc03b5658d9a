// A key is shown once, to whoever created it; the keystore's password never.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { startDaemon } from "../support/daemon.ts";
import { apikey, execute } from "../support/execute.ts";
import { jsonRequest, send } from "../support/http.ts";
import { requiring } from "../support/requirements.ts";
import { readTrace, strace } from "../support/strace.ts";
import {
  KEYSTORE_NAME,
  type TemporaryFolder,
  temporaryFolder,
} from "../support/temporary_folder.ts";
import { asUser } from "../support/users.ts";
import { TRIED_WAYS } from "../support/ways.ts";

const PASSWORD_NAME = "metricshub-keystore.password";

/** The keystore's password, random as it was made with the keystore. */
function passwordIn(folder: TemporaryFolder): string {
  return readFileSync(folder.file(PASSWORD_NAME), "utf8").trim();
}

function keyIn(stdout: string): string {
  const [key] = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(stdout) ?? [];
  assert.ok(key, stdout);
  return key ?? "";
}

/** In none of the forms in which programs write text. */
function assertHidden(haystack: string | Uint8Array, secret: string, about: string): void {
  const octets = Buffer.from(haystack);
  const utf16 = Buffer.from(secret, "utf16le");
  const forms = [Buffer.from(secret), utf16, Buffer.from(utf16).swap16()];
  const texts = [secret.replaceAll("-", ""), Buffer.from(secret).toString("hex"), btoa(secret)];
  for (const form of [...forms, ...texts.map((text) => Buffer.from(text))]) {
    assert.is(octets.indexOf(form), -1, about);
  }
}

for (const { way, open } of TRIED_WAYS) {
  test(`a key is in the answer to its creation and nowhere else, ${way}`, async () => {
    using folder = temporaryFolder();
    await using opened = await open(folder.file(KEYSTORE_NAME));
    const secrets = [
      keyIn((await opened.apikey("create", "a")).stdout),
      keyIn((await opened.apikey("create", "b", "--json")).stdout),
      passwordIn(folder),
    ];
    const commands = [
      ["list"],
      ["list", "--json"],
      ["status"],
      ["status", "--json"],
      ["create", "a"],
      ["create", "a", "--json"],
      ["revoke", "nobody"],
      ["revoke", "a"],
      ["revoke", "b", "--json"],
      ["--help"],
    ];
    for (const command of commands) {
      const { stdout, stderr } = await opened.apikey(...command);
      for (const secret of secrets) assertHidden(stdout + stderr, secret, command.join(" "));
    }
  });

  test(`no file holds a key in the clear, ${way}`, async () => {
    using folder = temporaryFolder();
    await using opened = await open(folder.file(KEYSTORE_NAME));
    const key = keyIn((await opened.apikey("create", "a")).stdout);
    const password = passwordIn(folder);
    for (const name of readdirSync(folder.path)) {
      if (!statSync(folder.file(name)).isFile()) continue;
      const bytes = readFileSync(folder.file(name));
      assertHidden(bytes, key, name);
      if (name !== PASSWORD_NAME) assertHidden(bytes, password, name);
      assert.is(statSync(folder.file(name)).mode & 0o077, 0, `${name} is for its owner`);
    }
  });

  test(`a key that cannot be shown is revoked again, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.file(KEYSTORE_NAME);
    await using opened = await open(keystore);
    await opened.apikey("create", "before");
    const env = way === "in process"
      ? { APIKEY_KEYSTORE: keystore }
      : { APIKEY_SOCKET: folder.file("apikey.sock") };
    // A full disk, and a reader that has gone.
    const run = '"$@"; echo "status $?" >&2';
    for (const script of [`{ ${run}; } >/dev/full`, `{ sleep 0.2; ${run}; } | :`]) {
      for (const form of [[], ["--json"]]) {
        const argv = ["sh", "-c", script, "sh", ...COMMAND, "create", "lost", ...form];
        const { stdout, stderr } = await execute(argv, { env });
        assert.is(stdout, "");
        assert.match(stderr, /^[^\n]+\nstatus 1\n$/, script);
        assert.not.match(stderr, /[0-9a-f]{8}-[0-9a-f]{4}/);
      }
    }
    assert.match((await opened.apikey("list")).stdout, /^before \*+[0-9a-f]{4}\n$/);
  });
}

test("the daemon's log and its other answers hold neither key nor password", async () => {
  using folder = temporaryFolder();
  await using daemon = await startDaemon(folder.file(KEYSTORE_NAME), folder.file("apikey.sock"));
  const created = await send(daemon.socket, jsonRequest("POST", "/v1/keys", { alias: "a" }));
  assert.is(created.headers["cache-control"], "no-store");
  const { key } = JSON.parse(created.body) as { key: string };
  const password = passwordIn(folder);
  const requests = [
    jsonRequest("POST", "/v1/keys", { alias: "a" }),
    jsonRequest("POST", "/v1/keys", { alias: "b", key }),
    jsonRequest("POST", "/v1/keys", { alias: 1 }),
    { method: "GET", path: "/v1/keys" },
    { method: "GET", path: "/v1/keys/a" },
    { method: "GET", path: "/v1/status" },
    { method: "GET", path: "/v1/keys", headers: { Authorization: `Bearer ${key}` } },
    { method: "DELETE", path: "/v1/keys/a" },
  ];
  for (const request of requests) {
    const { headers, body } = await send(daemon.socket, request);
    const about = `${request.method} ${request.path}`;
    assert.is(headers["cache-control"], "no-store", about);
    assertHidden(body, password, about);
    if (!JSON.stringify(request).includes(key)) assertHidden(body, key, about);
  }
  daemon.signal("SIGTERM");
  await daemon.ended;
  for (const secret of [key, password]) assertHidden(daemon.output(), secret, "log");
});

const linuxTest = requiring(test, "linux");

linuxTest("neither key nor password is ever in the process list", async () => {
  using folder = temporaryFolder();
  const keystore = folder.file(KEYSTORE_NAME);
  await apikey(["create", "first", "--keystore", keystore]);
  const password = passwordIn(folder);
  const seen = new Set<string>();
  let done = false;
  const outcome = apikey(["create", "second", "--keystore", keystore]);
  const polling = (async () => {
    for (; !done; await sleep(2)) watchProcesses(seen);
  })();
  const { stdout } = await outcome;
  done = true;
  await polling;
  const all = [...seen].join("\n");
  assert.match(all, keystore, "it was watched");
  for (const secret of [keyIn(stdout), password]) assertHidden(all, secret, "process list");
});

/** The command lines and environments of all processes. */
function watchProcesses(seen: Set<string>): void {
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    for (const name of ["cmdline", "environ"]) {
      try {
        seen.add(readFileSync(`/proc/${pid}/${name}`, "utf8"));
      } catch {
        // Gone, or somebody else's.
      }
    }
  }
}

// Root's alone, as the command under test keeps its memory to itself.
const traceTest = requiring(test, "linux", "root", "strace");

const OUTGOING = [
  ...["/^p?writev?", "/^send", "/^open", "/^rename", "/^link", "/^symlink", "/^mkdir", "/^unlink"],
  ...["execve", "memfd_create", "/xattr$", "prctl", "connect", "bind"],
];

/** Every system call by which a text gets out of a process. */
function leaks(log: string, secret: string): string[] {
  return readTrace(log).map(({ text }) => text).filter((text) => text.includes(secret));
}

traceTest("a command hands the key to standard output only", async () => {
  using folder = temporaryFolder();
  const log = folder.file("trace");
  const command = [...COMMAND, "create", "a", "--keystore", folder.file(KEYSTORE_NAME)];
  const { status, stdout } = await execute(strace(log, OUTGOING, command));
  assert.is(status, 0);
  const shown = leaks(log, keyIn(stdout));
  assert.is(shown.length, 1);
  assert.match(shown[0] ?? "", /^write\(1</);

  const written = leaks(log, passwordIn(folder));
  assert.is(written.length, 1);
  // Into the temporary file that becomes the password file.
  const temporary = folder.file(`.${PASSWORD_NAME}.[0-9a-f]{16}.tmp`);
  assert.match(written[0] ?? "", new RegExp(`^p?write(64)?\\(\\d+<${temporary}>`));
  const made = readTrace(log).find(({ name, text }) =>
    name === "openat" && text.includes(PASSWORD_NAME) && text.includes("O_CREAT")
  );
  assert.match(made?.text ?? "", "O_EXCL");
  assert.match(made?.text ?? "", "0600");
});

traceTest(
  "a daemon hands the key to the socket only, its client to standard output only",
  async () => {
    using folder = temporaryFolder();
    const [log, clientLog] = [folder.file("trace"), folder.file("client-trace")];
    await using daemon = await startDaemon(
      folder.file(KEYSTORE_NAME),
      folder.file("apikey.sock"),
      [],
      (argv) => strace(log, OUTGOING, argv),
    );
    const command = [...COMMAND, "create", "a", "--socket", daemon.socket];
    const { status, stdout } = await execute(strace(clientLog, OUTGOING, command));
    assert.is(status, 0);
    const key = keyIn(stdout);
    daemon.signal("SIGTERM");
    await daemon.ended;

    const sent = leaks(log, key);
    assert.is(sent.length, 1);
    assert.match(sent[0] ?? "", /^(write|writev|sendto|sendmsg)\(\d+<(socket|UNIX)/);
    const shown = leaks(clientLog, key);
    assert.is(shown.length, 1);
    assert.match(shown[0] ?? "", /^write\(1</);
    assert.equal(leaks(clientLog, passwordIn(folder)), []);
  },
);

const rootTest = requiring(test, "linux", "root", "setpriv");

rootTest("no other process of the same user may look into a daemon's memory", async () => {
  using folder = temporaryFolder(0o777);
  const user = { uid: 1000 };
  const own = folder.file("own");
  await execute(asUser(user, ["mkdir", own]));
  await using daemon = await startDaemon(
    `${own}/${KEYSTORE_NAME}`,
    `${own}/apikey.sock`,
    [],
    (argv) => asUser(user, argv),
  );
  for (const name of ["environ", "mem", "maps"]) {
    const path = `/proc/${daemon.pid}/${name}`;
    assert.is.not((await execute(asUser(user, ["head", "-c1", path]))).status, 0, name);
  }
  assert.match(readFileSync(`/proc/${daemon.pid}/limits`, "utf8"), /^Max core file size +0 +0 /m);
});

test.run();
