// What doctor finds of a service, mended by what it prints, in a systemd that runs.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { requiring } from "../support/requirements.ts";
import { SYSTEMD_BOX_NEEDS } from "../support/systemd_box.ts";
import {
  bootMachine,
  bringExecutable,
  CONFIGURATION,
  type Machine,
  SERVICE,
  STRANGER,
} from "./machine.ts";

interface Finding {
  readonly code: string;
  readonly severity: string;
  readonly text: string;
  readonly command: string | null;
}

const systemdTest = requiring(test, ...SYSTEMD_BOX_NEEDS);

systemdTest("whoever runs what is printed about the service has it as it should be", async () => {
  await using machine = await bootMachine("/");
  const { does, writes } = machine;
  bringExecutable(machine, "/usr/bin/apikey");
  const [missing, ...others] = await doctor(machine);
  assert.equal([missing?.code, missing?.severity], ["service-missing", "hint"]);
  assert.equal(others.map(({ code }) => code), ["keystore-missing"]);
  for (const finding of [missing, ...others]) await shell(machine, finding?.command);
  assert.equal(await doctor(machine), [], "a fresh installation is as it should be");

  await does(["systemctl", "disable", "--now", "metricshub-apikey.socket", SERVICE]);
  await mend(machine, ["service-not-enabled", "service-not-running"]);
  await does(["sh", "-c", `echo '# mine' >> /etc/systemd/system/${SERVICE}`]);
  await mend(machine, ["service-outdated"]);
  await does(["mkdir", "--mode=700", "/var/lib/other"]);
  writes(CONFIGURATION, "keystore: /var/lib/other/k.p12\n");
  await mend(machine, ["service-outdated", "settings-not-in-use"]);
  writes(CONFIGURATION, "keystore: /var/lib/other/k.p12\nsocket: /run/metricshub/other.sock\n");
  await does(["apikey", "service", "install"]);
  const sockets = await does(["ls", "/run/metricshub"]);
  assert.is(sockets, "other.sock\n", "nothing is left where the socket was");
  await does(["rm", "/run/metricshub/other.sock"]);
  const lost = (await doctor(machine)).filter(({ command }) => command !== null);
  assert.equal(lost.map(({ code }) => code), ["daemon-unreachable"]);
  await shell(machine, lost[0]?.command);
  assert.equal((await doctor(machine)).filter(({ severity }) => severity !== "hint"), []);
  const { status, stdout, stderr } = await machine.tries(["apikey", "doctor"], { user: STRANGER });
  assert.equal([status, stderr], [1, ""]);
  assert.match(stdout, /\$ sudo apikey doctor$/m);
  assert.not.match(stdout, /EACCES/, "said in words");
});

async function doctor({ tries }: Machine): Promise<Finding[]> {
  const { status, stdout, stderr } = await tries(["apikey", "doctor", "--json"]);
  const { findings } = JSON.parse(stdout || stderr) as { findings: Finding[] };
  assert.is(status, findings.every(({ severity }) => severity === "hint") ? 0 : 1);
  return findings;
}

async function mend(machine: Machine, expected: readonly string[]): Promise<void> {
  const findings = await doctor(machine);
  assert.equal([...new Set(findings.map(({ code }) => code))].sort(), [...expected].sort());
  for (const { command } of findings) await shell(machine, command);
  const left = (await doctor(machine)).filter(({ severity }) => severity !== "hint");
  assert.equal(left, []);
}

async function shell({ does }: Machine, command: string | null | undefined): Promise<void> {
  assert.ok(command);
  await does(["sh", "-ec", command]);
}

test.run();
