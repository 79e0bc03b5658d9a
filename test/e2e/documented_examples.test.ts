// Whatever the documentation shows of a terminal does what it says: the examples of --help, which are
// those of the manual pages, too, and the console blocks of every README.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ROOT } from "../../scripts/runtimes.ts";
import type { Box } from "../support/box.ts";
import { COMMAND } from "../support/command.ts";
import { execute, type Outcome } from "../support/execute.ts";
import { fixturePath } from "../support/fixtures.ts";
import { requiring } from "../support/requirements.ts";
import { bootSystemd, SYSTEMD_BOX_NEEDS } from "../support/systemd_box.ts";
import {
  documentedDeclaration,
  documentedSessions,
  type Session,
  type Step,
  withoutChance,
} from "./examples/console_blocks.ts";
import { ELSEWHERE, FOLDERS, PREPARATION, SURROUNDINGS } from "./examples/surroundings.ts";

const SESSIONS = documentedSessions();

const HINT = "an example that needs something says so in SURROUNDINGS of " +
  "test/e2e/examples/surroundings.ts; one that another test executes is in ELSEWHERE there";

const FOLDER = "/root/examples";

/** What the examples are run with: root needs no sudo, and it may not be there. */
const SET_UP = `
printf '#!/bin/sh\\nexec "$@"\\n' >/usr/local/bin/sudo
chmod 755 /usr/local/bin/sudo
cp /given/apikey /usr/local/bin/apikey
mount -t tmpfs tmpfs /root
rm -rf /var/lib/metricshub /opt/metricshub /etc/metricshub
mkdir -p ${FOLDER} /etc/agents
cd ${FOLDER}
${PREPARATION}
tar -cf /prepared.tar ${FOLDERS.join(" ")}
`;

/** Everything as SET_UP has left it; a daemon that was started ends as it should. */
const START_OVER = `
cd /
if test -e /daemon.pid; then
  kill $(cat /daemon.pid)
  timeout 10 sh -c 'until test -e /daemon.status; do sleep 0.02; done'
  test "$(cat /daemon.status)" = 0
fi
test ! -e /etc/systemd/system/metricshub-apikey.service || apikey service uninstall
# Which takes the executable with it.
test -e /usr/local/bin/apikey || cp /given/apikey /usr/local/bin/apikey
rm -rf /daemon.* /etc/metricshub /run/metricshub ${FOLDERS.map((folder) => `${folder}/*`).join(" ")}
tar -xf /prepared.tar
`;

/** A daemon goes on beside what follows. */
function startDaemon(command: string): string {
  const [socket = ""] = /--socket \S+/.exec(command) ?? [];
  return `
(set +e; ${command} & echo $! >/daemon.pid; wait $!; echo $? >/daemon.status) </dev/null >/daemon.log 2>&1 &
until apikey status ${socket} 2>/dev/null | grep -q 'Served by: daemon'; do
  test ! -e /daemon.status || { cat /daemon.log >&2; rm /daemon.pid; exit 1; }
  sleep 0.02
done`;
}

async function shell(box: Box, script: string): Promise<Outcome> {
  const argv = ["bash", "-c", `set -euo pipefail\n${script}`];
  return await box.run(argv, { env: { HOME: "/root" } });
}

async function succeeds(box: Box, script: string): Promise<void> {
  const { status, stdout, stderr } = await shell(box, script);
  assert.is(status, 0, `${script}\n${stdout}${stderr}`);
}

async function assertSession(box: Box, { about, steps }: Session): Promise<void> {
  await succeeds(box, START_OVER);
  for (const step of steps.filter(({ command }) => !(command in ELSEWHERE))) {
    await assertStep(box, about, step);
  }
}

async function assertStep(box: Box, about: string, { command, shown }: Step): Promise<void> {
  const surrounding = SURROUNDINGS[command] ?? {};
  const { before, served, instead = command, inProject, status: expected = 0 } = surrounding;
  if (before !== undefined) await succeeds(box, `cd ${FOLDER}\n${before}`);
  if (served === true) await succeeds(box, startDaemon("apikey daemon"));
  const script = /^(sudo )?apikey daemon/.test(instead) ? startDaemon(instead) : instead;
  const { status, stdout, stderr } = inProject === true
    ? await execute(["sh", "-c", `cd "$0" && ${script}`, ROOT])
    : await shell(box, `cd ${FOLDER}\n${script}`);
  const text = `${about}: $ ${command}\nexit status ${status}: ${stdout}${stderr}(${HINT})`;
  assert.is(status, expected, text);
  if (shown !== "") assert.is(withoutChance(stdout), withoutChance(shown), text);
}

const [program] = COMMAND;
// The documentation is that of the executable.
const isExecutable = COMMAND.length === 1 && basename(program) === "apikey";
const boxTest = isExecutable
  ? requiring(test, ...SYSTEMD_BOX_NEEDS, "curl", "nginx")
  : () => undefined;

boxTest("every example does what it shows", async () => {
  await using box = await bootSystemd({ root: "/" });
  mkdirSync(box.path("/given"));
  copyFileSync(program, box.path("/given/apikey"));
  copyFileSync(fixturePath("jdk17-mixed-certificates.p12"), box.path("/given/java.p12"));
  writeFileSync(box.path("/given/keys.yaml"), documentedDeclaration());
  await succeeds(box, SET_UP);
  const problems: string[] = [];
  for (const session of SESSIONS) {
    await assertSession(box, session).catch((error: Error) => problems.push(error.message));
  }
  await succeeds(box, START_OVER);
  assert.is(problems.length, 0, problems.join("\n\n"));
});

test("what is said of examples is said of some that there are", () => {
  const commands = new Set(SESSIONS.flatMap(({ steps }) => steps.map(({ command }) => command)));
  const strange = [...Object.keys(SURROUNDINGS), ...Object.keys(ELSEWHERE)]
    .filter((command) => !commands.has(command));
  assert.equal(strange, []);
});

for (const [command, { file, words }] of Object.entries(ELSEWHERE)) {
  test(`${file} executes ${command}`, () => {
    assert.ok(readFileSync(join(ROOT, file), "utf8").includes(words), HINT);
  });
}

test.run();
