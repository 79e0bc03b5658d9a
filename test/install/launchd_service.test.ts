import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { parse as parsePlist } from "plist";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { launchdPlist } from "../../src/install/launchd_plist.ts";
import { LaunchdService } from "../../src/install/launchd_service.ts";
import type { RunTool } from "../../src/install/tool.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary_folder.ts";

const LABEL = "com.metricshub.apikey";

/** launchctl(1), as far as it concerns one service. */
class FakeLaunchd {
  isLoaded = false;
  isDisabled = false;
  /** How many times in a row it says that it is busy. */
  busyFor = 0;
  readonly calls: string[] = [];

  readonly run: RunTool = ([program, ...args]) => {
    const done = (stdout = "") => Promise.resolve({ status: 0, stdout, stderr: "" });
    const failed = (status: number, stderr: string) =>
      Promise.resolve({ status, stdout: "", stderr });
    assert.is(program, "launchctl");
    const [verb, ...operands] = args;
    if (verb !== "print" && verb !== "print-disabled") this.calls.push(args.join(" "));
    switch (verb) {
      case "print":
        assert.equal(operands, [`system/${LABEL}`]);
        return this.isLoaded
          ? done(`system/${LABEL} = {\n\tactive count = 1\n\tstate = running\n\tpid = 77\n}\n`)
          : failed(113, `Could not find service "${LABEL}" in domain for system\n`);
      case "print-disabled":
        return done(
          `disabled services = {\n\t\t"${LABEL}" => ${
            this.isDisabled ? "disabled" : "enabled"
          }\n\t}\n`,
        );
      case "enable":
        this.isDisabled = false;
        return done();
      case "bootstrap":
        if (this.busyFor-- > 0) return failed(37, "Bootstrap failed: 37: Operation in progress\n");
        if (this.isLoaded) return failed(5, "Bootstrap failed: 5: Input/output error\n");
        this.isLoaded = true;
        return done();
      case "bootout":
        this.isLoaded = false;
        return done();
      default:
        throw new Error(`launchctl ${verb}`);
    }
  };
}

function serviceIn(folder: TemporaryFolder, launchd: FakeLaunchd, configFile?: string) {
  const execPath = folder.file("built");
  writeFileSync(execPath, "#!executable");
  const paths = { plist: folder.file(`${LABEL}.plist`), executable: folder.file("apikey") };
  const service = new LaunchdService({
    settings: { executable: paths.executable, configFile, logPath: "/var/log/apikey.log" },
    paths,
    execPath,
    isRoot: true,
    keystorePath: folder.file("keystore.p12"),
    run: launchd.run,
  });
  return { service, paths };
}

test("writes a property list that others read as it is meant", () => {
  const executable = "/Library/Application Support/MetricsHub/bin/apikey";
  const configFile = '/etc/<"odd"> & name.yaml';
  const text = launchdPlist({ executable, configFile, logPath: "/var/log/apikey.log" });
  assert.equal(parsePlist(text), {
    Label: LABEL,
    ProgramArguments: [executable, "daemon", "--config", configFile],
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ExitTimeOut: 15,
    StandardErrorPath: "/var/log/apikey.log",
    WorkingDirectory: "/",
    Umask: 0o077,
    HardResourceLimits: { Core: 0, NumberOfFiles: 16_384 },
    SoftResourceLimits: { Core: 0, NumberOfFiles: 16_384 },
  });
});

test("installs, starts, and the second time leaves all as it is", async () => {
  using folder = temporaryFolder();
  const launchd = new FakeLaunchd();
  launchd.isDisabled = true;
  const { service, paths } = serviceIn(folder, launchd);
  assert.is((await service.install()).changed, true);
  assert.is(statSync(paths.plist).mode & 0o777, 0o644);
  assert.is(statSync(paths.executable).mode & 0o777, 0o755);
  assert.equal(launchd.calls, [`enable system/${LABEL}`, `bootstrap system ${paths.plist}`]);
  assert.is((await service.install()).changed, false);
  assert.is(launchd.calls.length, 2);
  const [unit] = await service.units();
  assert.equal([unit?.isActive, unit?.isEnabled, unit?.path], [true, true, paths.plist]);
});

test("starts anew what has changed, however long launchd is busy ending it", async () => {
  using folder = temporaryFolder();
  const launchd = new FakeLaunchd();
  await serviceIn(folder, launchd).service.install();
  launchd.busyFor = 2;
  launchd.calls.length = 0;
  await serviceIn(folder, launchd, "/etc/other.yaml").service.install();
  assert.is(launchd.calls.shift(), `bootout system/${LABEL}`);
  assert.is(launchd.calls.filter((call) => call.startsWith("bootstrap")).length, 3);
  assert.ok(launchd.isLoaded);
});

test("uninstalls all but the keystore", async () => {
  using folder = temporaryFolder();
  const launchd = new FakeLaunchd();
  const { service, paths } = serviceIn(folder, launchd);
  await service.install();
  writeFileSync(folder.file("keystore.p12"), "keys");
  const { changed, steps } = await service.uninstall();
  assert.is(changed, true);
  assert.ok(steps.at(-1)?.includes("keystore.p12 stays"));
  assert.equal([paths.plist, paths.executable].filter(existsSync), []);
  assert.is(readFileSync(folder.file("keystore.p12"), "utf8"), "keys");
  assert.is(launchd.isLoaded, false);
  assert.is((await service.uninstall()).changed, false);
  const [unit] = await service.units();
  assert.equal([unit?.isActive, unit?.path, unit?.state], [false, null, "not loaded"]);
});

test("lets root alone change services", async () => {
  using folder = temporaryFolder();
  const launchd = new FakeLaunchd();
  const { paths } = serviceIn(folder, launchd);
  const settings = { executable: paths.executable, configFile: undefined, logPath: "/log" };
  const keystorePath = folder.file("keystore.p12");
  const execPath = folder.file("built");
  const { run } = launchd;
  const service = new LaunchdService({
    ...{ settings, paths, execPath, isRoot: false, keystorePath, run },
  });
  for (const change of [() => service.install(), () => service.uninstall()]) {
    const error = await change().then(() => undefined, (reason) => reason);
    assert.is(error?.code, "ERR_FORBIDDEN");
  }
  assert.equal(launchd.calls, []);
});

test.run();
