import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { executableAt } from "../../src/install/windows_executable.ts";
import { WindowsServiceInstallation } from "../../src/install/windows_service.ts";
import type { WindowsService, WindowsServices } from "../../src/platform/platform.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary_folder.ts";

const NAME = "metricshub-apikey";

/** A service control manager of one service, which starts and stops at once. */
class FakeManager implements Omit<WindowsServices, "attach"> {
  found: WindowsService | undefined;
  startsAs = "running";
  busyFor = 0;
  readonly calls: string[] = [];

  find(name: string): WindowsService | undefined {
    assert.is(name, NAME);
    return this.found;
  }

  create(_name: string, { commandLine }: { readonly commandLine: string }): void {
    this.calls.push("create");
    this.found = { commandLine, isAutomatic: true, state: "stopped", pid: undefined };
  }

  change(_name: string, { commandLine }: { readonly commandLine: string }): void {
    this.calls.push("change");
    this.#set({ commandLine, isAutomatic: true });
  }

  start(): boolean {
    this.calls.push("start");
    if (this.busyFor-- > 0) return false;
    this.#set({ state: this.startsAs, pid: 77 });
    return true;
  }

  stop(): void {
    this.calls.push("stop");
    this.#set({ state: "stopped", pid: undefined });
  }

  remove(): void {
    this.calls.push("remove");
    this.found = undefined;
  }

  #set(change: Partial<WindowsService>): void {
    assert.ok(this.found);
    this.found = { ...this.found, ...change };
  }
}

interface Wanted {
  readonly configFile?: string;
  readonly isElevated?: boolean;
}

function serviceIn(folder: TemporaryFolder, manager: FakeManager, wanted: Wanted = {}) {
  const { configFile, isElevated = true } = wanted;
  const [execPath, path] = [folder.file("built.exe"), folder.file("x y/bin/apikey.exe")];
  mkdirSync(folder.path, { recursive: true });
  writeFileSync(execPath, "MZ");
  const service = new WindowsServiceInstallation({
    name: NAME,
    services: manager,
    executable: executableAt(path, execPath),
    configFile,
    keystorePath: folder.file("keystore.p12"),
    isElevated,
  });
  return { service, path };
}

test("installs a copy, in quotes, and the second time leaves all as it is", async () => {
  using folder = temporaryFolder();
  const manager = new FakeManager();
  const { service, path } = serviceIn(folder, manager, { configFile: "C:\\a b.yaml" });
  assert.is((await service.install()).changed, true);
  assert.is(readFileSync(path, "utf8"), "MZ");
  assert.is(manager.found?.commandLine, `"${path}" daemon --config "C:\\a b.yaml"`);
  assert.equal(manager.calls, ["create", "start"]);
  assert.is((await service.install()).changed, false);
  assert.is(manager.calls.length, 2);
  const [unit] = await service.units();
  assert.equal([unit?.isActive, unit?.isEnabled, unit?.status], [true, true, "pid 77"]);
});

test("stops what runs before it replaces the executable, or says something else", async () => {
  using folder = temporaryFolder();
  const manager = new FakeManager();
  const { service, path } = serviceIn(folder, manager);
  await service.install();
  writeFileSync(path, "an older one");
  manager.calls.length = 0;
  await service.install();
  assert.equal(manager.calls, ["stop", "change", "start"]);
  assert.is(readFileSync(path, "utf8"), "MZ");
  await serviceIn(folder, manager, { configFile: "C:\\b.yaml" }).service.install();
  assert.match(manager.found?.commandLine ?? "", /--config "C:\\b\.yaml"$/);
});

test("waits for a manager that has other services to start", async () => {
  using folder = temporaryFolder();
  const manager = new FakeManager();
  manager.busyFor = 2;
  await serviceIn(folder, manager).service.install();
  assert.equal(manager.calls, ["create", "start", "start", "start"]);
});

test("says where to look when the service does not start", async () => {
  using folder = temporaryFolder();
  const manager = new FakeManager();
  manager.startsAs = "stopped";
  const { service } = serviceIn(folder, manager);
  const error = await service.install().then(() => undefined, (reason) => reason);
  assert.is(error?.code, "ERR_SERVICE");
  assert.match(error.message, /event log/);
});

test("uninstalls all but the keystore", async () => {
  using folder = temporaryFolder();
  const manager = new FakeManager();
  const { service } = serviceIn(folder, manager);
  await service.install();
  writeFileSync(folder.file("keystore.p12"), "keys");
  assert.is((await service.uninstall()).changed, true);
  assert.equal([manager.found, existsSync(folder.file("x y"))], [undefined, false]);
  assert.is(readFileSync(folder.file("keystore.p12"), "utf8"), "keys");
  assert.is((await service.uninstall()).changed, false);
});

test("leaves another executable alone, and folders that hold something else", async () => {
  using folder = temporaryFolder();
  const manager = new FakeManager();
  const { service, path } = serviceIn(folder, manager);
  await service.install();
  writeFileSync(folder.file("x y/bin/other"), "");
  await service.uninstall();
  assert.ok(existsSync(folder.file("x y/bin/other")));
  writeFileSync(path, "somebody's");
  await service.uninstall();
  assert.is(readFileSync(path, "utf8"), "somebody's");
});

test("lets administrators alone change services", async () => {
  using folder = temporaryFolder();
  const manager = new FakeManager();
  const { service } = serviceIn(folder, manager, { isElevated: false });
  for (const change of [() => service.install(), () => service.uninstall()]) {
    const error = await change().then(() => undefined, (reason) => reason);
    assert.is(error?.code, "ERR_FORBIDDEN");
  }
  assert.equal(manager.calls, []);
});

test.run();
