import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../errors.ts";
import type { Service, ServiceChange, ServiceFile, ServiceUnit } from "../model/service.ts";
import type { WindowsServiceDefinition, WindowsServices } from "../platform/platform.ts";
import { removeCopy, type WindowsExecutable } from "./windows_executable.ts";

export interface WindowsServiceOptions {
  readonly name: string;
  readonly services: Omit<WindowsServices, "attach">;
  readonly executable: WindowsExecutable;
  /** undefined for the default one */
  readonly configFile: string | undefined;
  readonly keystorePath: string;
  /** Whether this process may do what only administrators may. */
  readonly isElevated: boolean;
}

/** How long the daemon may take to start or to stop. */
const PATIENCE_MS = 30_000;
const POLL_MS = 100;

/** The daemon as a service of Windows, which runs as the system. It makes its pipe by itself. */
export class WindowsServiceInstallation implements Service {
  readonly #options: WindowsServiceOptions;

  constructor(options: WindowsServiceOptions) {
    this.#options = options;
  }

  /** There are none: Windows keeps services in its registry. */
  files(): ServiceFile[] {
    const { name } = this.#options;
    const { displayName, description, commandLine } = this.#definition();
    const facts = [
      ["DisplayName", displayName],
      ["Description", description],
      ["ImagePath", commandLine],
      ["ObjectName", "LocalSystem"],
      ["Start", "2 (automatic)"],
    ].map(([field, value]) => `${field} = ${value}\n`);
    const path = `HKLM\\SYSTEM\\CurrentControlSet\\Services\\${name}`;
    return [{ path, content: facts.join("") }];
  }

  async install(): Promise<ServiceChange> {
    this.#assertElevated();
    const { name, services, executable } = this.#options;
    const before = services.find(name);
    const definition = this.#definition();
    const isSame = before?.commandLine === definition.commandLine && before.isAutomatic;
    if (isSame && before.state === "running" && executable.isInPlace()) {
      return { changed: false, steps: [`service ${name} is installed and runs already`] };
    }
    // Windows replaces no executable that runs.
    if (before !== undefined) await this.#stop();
    const done = executable.place() ? [`${executable.path} written`] : [];
    if (before === undefined) services.create(name, definition);
    else services.change(name, definition);
    if (!isSame) done.push(`service ${name} written`);
    await this.#start();
    return { changed: true, steps: [...done, `service ${name} started`] };
  }

  async uninstall(): Promise<ServiceChange> {
    this.#assertElevated();
    const { name, services, executable, keystorePath } = this.#options;
    const done: string[] = [];
    if (services.find(name) !== undefined) {
      await this.#stop();
      services.remove(name);
      done.push(`service ${name} stopped and removed`);
    }
    if (await removeCopy(executable)) done.push(`${executable.path} removed`);
    const steps = done.length > 0 ? done : ["nothing was installed"];
    const staying = existsSync(keystorePath)
      ? [`${keystorePath} stays, with what is beside it`]
      : [];
    return { changed: done.length > 0, steps: [...steps, ...staying] };
  }

  units(): Promise<ServiceUnit[]> {
    const { name, services } = this.#options;
    const found = services.find(name);
    return Promise.resolve([{
      name,
      path: found?.commandLine ?? null,
      isEnabled: found?.isAutomatic ?? false,
      isActive: found?.state === "running",
      state: found?.state ?? "not installed",
      status: found?.pid === undefined ? null : `pid ${found.pid}`,
    }]);
  }

  #definition(): WindowsServiceDefinition {
    const { executable, configFile } = this.#options;
    const config = configFile === undefined ? "" : ` --config ${quote(configFile)}`;
    return {
      displayName: "MetricsHub API keys",
      description: "Keeps the API keys of MetricsHub, for administrators of this host (apikey)",
      // Without quotes Windows would try every beginning of the path that ends before a space.
      commandLine: `${quote(executable.path)} daemon${config}`,
    };
  }

  #assertElevated(): void {
    if (this.#options.isElevated) return;
    throw new AppError("ERR_FORBIDDEN", "administrator privileges are required to change services");
  }

  /** While the system starts, the manager has others to start first. */
  async #start(): Promise<void> {
    const { name, services } = this.#options;
    const deadline = performance.now() + PATIENCE_MS;
    while (!services.start(name)) {
      if (performance.now() < deadline) await sleep(POLL_MS);
      else throw new AppError("ERR_SERVICE", `service ${name} does not start: Windows is busy`);
    }
    await this.#reach("running");
  }

  async #stop(): Promise<void> {
    const { name, services } = this.#options;
    if (services.find(name)?.state === "stopped") return;
    services.stop(name);
    await this.#reach("stopped");
  }

  /** @throws AppError ERR_SERVICE for one that does not get there */
  async #reach(state: "running" | "stopped"): Promise<void> {
    const { name, services } = this.#options;
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = services.find(name)?.state;
      if (found === state) return;
      const hasFailed = state === "running" && found === "stopped";
      if (hasFailed || performance.now() >= deadline) {
        const text = `service ${name} is ${found} and not ${state}: see the event log, Application`;
        throw new AppError("ERR_SERVICE", text);
      }
      await sleep(POLL_MS);
    }
  }
}

/** No path has a quote in it, there. */
function quote(path: string): string {
  return `"${path}"`;
}
