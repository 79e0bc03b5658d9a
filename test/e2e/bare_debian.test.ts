import { copyFileSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { openDebian } from "../support/debian_box.ts";
import { DEBIAN_ROOT_NEEDS, debianRoot } from "../support/debian_root.ts";
import { requiring } from "../support/requirements.ts";

/*
 * The executable alone in a bare Debian, with nothing but the packages that the README names. The
 * source needs a runtime, so there is nothing to test of it here.
 */
const [program] = COMMAND;
const isExecutable = COMMAND.length === 1 && basename(program) === "apikey";

const README = readFileSync(join(import.meta.dirname, "..", "..", "README.md"), "utf8");

/** In the sentence on bare Debian: "with one package more: `libatomic1`". */
function packagesOfReadme(): string {
  const [, name] = /bare Debian with one package more: `([a-z0-9.+-]+)`/.exec(README) ?? [];
  if (name === undefined) throw new Error("the README names no packages");
  return name;
}

const SESSION = `
set -e
if command -v node java deno; then exit 90; fi
apikey create --alias first
apikey list
apikey daemon 2>/tmp/daemon.log &
daemon=$!
# Whoever waits for this shell's output would wait for the daemon's, too.
trap 'kill $daemon 2>/dev/null || :' EXIT
tries=0
until apikey status 2>/tmp/status.log | grep -q 'Served by: daemon'; do tries=$((tries + 1)); test $tries -lt 100; sleep 0.1; done
apikey create second
apikey revoke first
apikey list --json
kill $daemon
wait $daemon
apikey list
stat -c '%a %U' /var/lib/metricshub/security /var/lib/metricshub/security/* /run/metricshub
`;

const CASES = (["bookworm", "trixie"] as const).flatMap((suite) =>
  [true, false].map((withProc) => ({ suite, withProc }))
);

const bareTest = isExecutable ? requiring(test, ...DEBIAN_ROOT_NEEDS) : () => undefined;

for (const { suite, withProc } of CASES) {
  bareTest(`serves a bare ${suite} ${withProc ? "with" : "without"} /proc`, async () => {
    const root = await debianRoot({ suite, packages: [packagesOfReadme()] });
    await using box = await openDebian({ root, withProc });
    copyFileSync(program, box.path("/usr/local/bin/apikey"));
    const { status, stdout, stderr } = await box.run(["sh", "-c", SESSION]);
    assert.equal([status, stderr], [0, ""], `${stdout}\n${stderr}`);
    assert.match(stdout, /^API key created for alias 'first': [0-9a-f-]{36}\n/);
    assert.match(stdout, /\nAPI key 'first' has been revoked\.\n/);
    assert.match(stdout, /\nsecond \*{20}[0-9a-f]{4}\n/);
    const [folder, ...files] = stdout.split("\n").filter((line) => /^\d{3} root$/.test(line));
    assert.is(folder, "700 root");
    assert.is(files.pop(), "755 root");
    assert.equal(new Set(files), new Set(["600 root"]));
  });
}

// uvu fails a file without tests, so the source has one, too.
if (!isExecutable) {
  test("has a package to name for the executable", () => assert.ok(packagesOfReadme()));
}

test.run();
