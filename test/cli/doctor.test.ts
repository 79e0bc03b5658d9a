// What doctor makes of what others find; test/e2e breaks an installation for real.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readSources } from "../../scripts/layers.ts";
import { ROOT } from "../../scripts/runtimes.ts";
import { AppError } from "../../src/errors.ts";
import type { Finding } from "../../src/model/finding.ts";
import { BARE_SYSTEM, type CommandSetting, runCommand } from "../support/run_command.ts";

const STATUS = {
  version: "1.2.3",
  server: { role: "daemon", pid: 1, socket: "/s", startedAt: "2049-12-31T00:00:00.000Z" },
  keystore: { path: "/nonexistent/keystore.p12", exists: true, keys: 0, otherEntries: 0 },
  password: null,
  auditLog: null,
  warnings: [],
};
const CHECK = { path: "/k", exists: true, opened: true, keys: 0, otherEntries: 0, findings: [] };
const AUDIT = { log: "journal", sequence: 0, hash: "", certificate: null };

function answering(answers: Readonly<Record<string, unknown>> = {}): CommandSetting["answer"] {
  const all: Record<string, unknown> = {
    "/v1/status": STATUS,
    "/v1/keystore/check": CHECK,
    "/v1/audit": AUDIT,
    ...answers,
  };
  return ({ path }) => {
    const answer = all[path];
    if (answer instanceof AppError) throw answer;
    return { status: 200, body: answer };
  };
}

function run(setting: CommandSetting, ...flags: readonly string[]) {
  const service = () => Promise.reject(new AppError("ERR_SERVICE", "no services here"));
  return runCommand(["doctor", ...flags], { ...setting, context: { service, ...setting.context } });
}

async function doctor(setting: CommandSetting, ...flags: readonly string[]) {
  const { status, out } = await run(setting, "--json", ...flags);
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  return { status, findings, codes: findings.map(({ code }) => code) };
}

test("where nothing is wrong it says so, and ends well", async () => {
  assert.equal(await doctor({ answer: answering() }), { status: 0, findings: [], codes: [] });
  assert.is((await run({ answer: answering() })).out, "0 errors, 0 warnings, 0 hints\n");
});

test("a daemon of another version, or with other settings, is started anew", async () => {
  const keystore = { ...STATUS.keystore, path: "/srv/former.p12" };
  const answer = answering({ "/v1/status": { ...STATUS, version: "1.1.0", keystore } });
  const { status, findings } = await doctor({ answer });
  assert.is(status, 1);
  assert.equal(findings.map(({ code, command }) => [code, command]), [
    ["version-skew", "systemctl restart metricshub-apikey"],
    ["settings-not-in-use", "systemctl restart metricshub-apikey.service"],
  ]);
});

/** What the daemon answers, where the service runs or not, and what is found of it. */
const UNANSWERED = [
  ["ERR_DAEMON_UNREACHABLE", false, "daemon-missing", null, 0],
  ["ERR_DAEMON_UNREACHABLE", true, "daemon-unreachable", /^systemctl restart \S+\.socket /, 1],
  ["ERR_DAEMON_UNTRUSTED", false, "daemon-untrusted", /^rm \/nonexistent\/apikey.sock$/, 1],
  ["ERR_DAEMON_UNTRUSTED", true, "daemon-untrusted", /^systemctl restart /, 1],
  ["ERR_FORBIDDEN", false, "not-allowed", /^sudo apikey doctor$/, 1],
  ["ERR_TOO_MANY_REQUESTS", false, "daemon-failing", null, 1],
  ["ERR_TOO_MANY_REQUESTS", true, "daemon-failing", /^systemctl restart /, 1],
] as const;

for (const [error, runs, code, command, expected] of UNANSWERED) {
  test(`${error} of a ${runs ? "service" : "daemon"} is ${code}`, async () => {
    const answer = answering({ "/v1/status": new AppError(error, "why") });
    const unit = { path: "/nonexistent", isEnabled: true, isActive: true, state: "", status: null };
    const service = {
      files: () => [],
      units: () => Promise.resolve([{ name: "metricshub-apikey.service", ...unit }]),
    };
    const { status, findings } = await doctor({
      answer,
      ...(runs ? { context: { service: () => Promise.resolve(service as never) } } : {}),
    });
    const found = findings.find((each) => each.code === code);
    assert.ok(found, JSON.stringify(findings));
    if (command === null) assert.is(found.command, null);
    else assert.match(found.command ?? "", command);
    assert.is(status, expected);
  });
}

function serviceIn(state: string) {
  const unit = { name: "metricshub-apikey.service", path: "/nonexistent", isEnabled: true };
  const units = [{ ...unit, isActive: state === "active (running)", state, status: null }];
  return () => Promise.resolve({ files: () => [], units: () => Promise.resolve(units) } as never);
}

test("nobody waits for a service that does not start: what keeps it is looked for in process", async () => {
  const asked: string[] = [];
  const answer: CommandSetting["answer"] = (request) => {
    asked.push(request.path);
    return answering()(request);
  };
  const context = { service: serviceIn("activating (auto-restart)") };
  const { findings } = await doctor({ answer, context });
  assert.is(asked.includes("/v1/status"), false);
  assert.equal(findings.map(({ code }) => code), ["service-not-running"]);
  assert.match(findings[0]?.remedy ?? "", /^journalctl --unit=metricshub-apikey\.service says why/);
});

test("the service's own daemon is not to be killed, as its socket could not be started", async () => {
  const lost = { code: "daemon-without-socket", severity: "error", text: "t" } as const;
  const examine = () => Promise.resolve([{ ...lost, remedy: "end it", command: "kill 1" }]);
  const commands = async (state: string) => {
    const context = { examine, service: serviceIn(state) };
    const { findings } = await doctor({ answer: answering(), context });
    return findings.filter(({ code }) => code === lost.code).map(({ command }) => command);
  };
  assert.equal(await commands("active (running)"), [null]);
  assert.equal(await commands("inactive (dead)"), ["kill 1"]);
});

for (
  const [uid, code, command] of [
    [0, "daemon-failing", "systemctl restart metricshub-apikey.service"],
    [1000, "not-allowed", "sudo apikey doctor"],
  ] as const
) {
  test(`what the service may not is mended for uid ${uid} by ${command}`, async () => {
    const forbidden = new AppError("ERR_FORBIDDEN", "permission denied");
    const answer = answering({ "/v1/status": forbidden });
    const system = { ...BARE_SYSTEM, uid };
    const context = { service: serviceIn("active (running)"), system };
    const { findings } = await doctor({ answer, context });
    assert.equal(findings.map((each) => [each.code, each.command]), [[code, command]]);
  });
}

test("a broken part hides nothing of the others, and what two find is said once", async () => {
  const leftover: Finding = {
    code: "leftover",
    severity: "warning",
    text: "left",
    remedy: "rm left",
    command: "rm left",
  };
  const answer = answering({
    "/v1/status": new AppError("ERR_SOCKET", "reset"),
    "/v1/keystore/check": { ...CHECK, findings: [leftover] },
    "/v1/audit": new AppError("ERR_AUDIT", "torn"),
  });
  const { codes } = await doctor({
    answer,
    context: { examine: () => Promise.resolve([leftover]) },
  });
  assert.equal(codes, ["leftover", "daemon-failing", "audit-log-unusable"]);
});

test("commands come with the flags that say what they are about, quoted", async () => {
  const finding = { code: "a", severity: "error", text: "b", remedy: "c" } as const;
  const commands = [
    "apikey revoke x",
    "apikey keystore backup a && apikey keystore restore a",
    "rm a",
  ];
  const findings = commands.map((command) => ({ ...finding, text: command, command }));
  const answer = answering({ "/v1/keystore/check": { ...CHECK, findings } });
  const flags = ["--keystore", "/it's/k.p12", "--password-file", "/p"];
  const told = await doctor({ answer }, ...flags);
  const target = "--keystore '/it'\\''s/k.p12' --password-file /p";
  assert.equal(told.findings.map(({ command }) => command), [
    `apikey revoke x ${target}`,
    `apikey keystore backup a ${target} && apikey keystore restore a ${target}`,
    "rm a",
  ]);
});

test("flags end no quotes in which there is what joins commands", async () => {
  const finding = { code: "a", severity: "error", text: "b" } as const;
  const alias = "'x && apikey $(reboot) -- it'\\''s'";
  const commands = [`apikey revoke ${alias}`, "apikey revoke -- --alias=other"];
  const findings = commands.map((command) => ({
    ...finding,
    text: command,
    remedy: command,
    command,
  }));
  const answer = answering({ "/v1/keystore/check": { ...CHECK, findings } });
  const told = await doctor({ answer }, "--keystore", "/a && apikey $(reboot)/k.p12");
  const target = "--keystore '/a && apikey $(reboot)/k.p12'";
  const expected = [`apikey revoke ${alias} ${target}`, `apikey revoke ${target} -- --alias=other`];
  assert.equal(told.findings.map(({ command }) => command), expected);
  assert.equal(told.findings.map(({ remedy }) => remedy), expected);
});

test("the password of every MetricsHub is a hint only, as it has to be that", async () => {
  const finding = { code: "password-built-in", severity: "warning", text: "t", remedy: "r" };
  const answer = answering({ "/v1/keystore/check": { ...CHECK, findings: [finding] } });
  const { status, findings: [found] } = await doctor({ answer });
  assert.equal([status, found?.severity], [0, "hint"]);
});

test("every code is in the documentation, and no other", () => {
  const sources = readSources(ROOT).map(({ text }) => text);
  const codes = sources.flatMap((text) =>
    [...text.matchAll(/\bcode: "([a-z-]+)"/g)].map(([, code]) => code)
  );
  const readme = readFileSync(join(ROOT, "src", "cli", "README.md"), "utf8");
  const [, part = ""] = readme.split("\n## Status and doctor\n");
  const [text = ""] = part.split(/^## /m);
  const documented = [...text.matchAll(/^\| `([a-z-]+)` /gm)].map(([, code]) => code);
  assert.equal(documented.sort(), [...new Set(codes)].sort());
});

test.run();
