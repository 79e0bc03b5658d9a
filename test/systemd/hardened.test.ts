// Who may what, and what becomes of a keystore when system calls fail, with daemons that run inside the
// service's own unit: the very tests that other daemons have to pass.
import { join } from "node:path";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { requiring } from "../support/requirements.ts";
import { SYSTEMD_BOX_NEEDS } from "../support/systemd_box.ts";
import { bootMachine, type Machine, SERVICE } from "./machine.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** Where the box has the project. */
const SHOWN = "/srv/apikey";

/** Where the tests in the box have their files. */
const FILES = "/srv/apikey-test";

const SUITES = [
  "test/e2e/access_matrix.test.ts",
  "test/e2e/access.test.ts",
  "test/faults/daemon.test.ts",
];

/** Of the unit, what is about which keystore and by whom it is started: the tests have their own. */
const OTHERWISE =
  /^(?:Type|NotifyAccess|Exec|Restart|Watchdog|LoadCredential|User|Group|StateDirectory)/;

const systemdTest = requiring(
  test,
  ...SYSTEMD_BOX_NEEDS,
  ...["javac", "setpriv", "strace", "systemd-run"],
);

for (const suite of SUITES) {
  systemdTest(`${suite}, inside the unit`, async () => {
    await using machine = await bootMachine("/", { shown: { folder: ROOT, at: SHOWN } });
    await machine.does(["mkdir", "-p", FILES, "/run/metricshub", "/run/metricshub-apikey"]);
    const { status, stdout, stderr } = await machine.tries(
      [shown(process.execPath), "--disable-warning=ExperimentalWarning", join(SHOWN, suite)],
      {
        env: {
          APIKEY: shown(COMMAND[0]),
          APIKEY_TEST_COMMAND: JSON.stringify([
            shown(join(import.meta.dirname, "hardened_command.sh")),
          ]),
          TEST_CONFINED: "1",
          TMPDIR: FILES,
          UNIT_PROPERTIES: await propertiesOf(machine),
        },
      },
    );
    assert.is(status, 0, stdout + stderr);
    assert.match(stdout, /Passed: +[1-9]/);
    assert.match(stdout, /Skipped: +0\n/);
    // That it was in there: a daemon that had gone another way would have left no unit behind.
    const units = ["journalctl", "--quiet", "--no-pager", "--field=UNIT"];
    assert.match(await machine.does(units), /^run-u\d+\.service$/m);
  });
}

/** Where the box has a path of the project. */
function shown(path: string): string {
  assert.ok(path.startsWith(`${ROOT}/`), path);
  return SHOWN + path.slice(ROOT.length);
}

async function propertiesOf({ does }: Machine): Promise<string> {
  const printed = await does([shown(COMMAND[0]), "service", "print", "--json"]);
  const { files } = JSON.parse(printed) as { files: { path: string; content: string }[] };
  const unit = files.find(({ path }) => path.endsWith(`/${SERVICE}`))?.content ?? "";
  const [, section = ""] = /\[Service\]\n(.*?)\n\[/s.exec(unit) ?? [];
  const lines = section.split("\n").filter((line) => /^\w+=/.test(line) && !OTHERWISE.test(line));
  assert.ok(lines.length > 30, unit);
  // What systemd does for the service's socket these daemons do for their own: give it to a group.
  const giving = ["CapabilityBoundingSet=CAP_CHOWN", "SystemCallFilter=@chown"];
  return [...lines, ...giving, `BindPaths=${FILES}`, `BindReadOnlyPaths=${SHOWN}`].join("\n");
}

test.run();
