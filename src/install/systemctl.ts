import { AppError } from "../errors.ts";
import type { ServiceUnit } from "../model/service.ts";
import type { RunTool, ToolOutcome } from "./tool.ts";

const PROPERTIES = [
  "LoadState",
  "FragmentPath",
  "UnitFileState",
  "ActiveState",
  "SubState",
  "StatusText",
] as const;

/** systemctl(1) and its siblings, which all say what is wrong on standard error. */
export class Systemctl {
  readonly #run: RunTool;
  readonly #isRoot: boolean;

  constructor(run: RunTool, isRoot: boolean) {
    this.#run = run;
    this.#isRoot = isRoot;
  }

  /** @throws AppError ERR_SERVICE where it does not end well */
  async tool(argv: readonly [string, ...string[]]): Promise<ToolOutcome> {
    const outcome = await this.#run(argv);
    if (outcome.status === 0) return outcome;
    const [reason = `exit status ${outcome.status}`] = outcome.stderr.trim().split("\n");
    // Without a system bus systemd can be asked through its own socket, which is root's.
    if (!this.#isRoot && reason.startsWith("Failed to connect to bus")) {
      const text = "administrator privileges are required to ask systemd where there is no bus";
      throw new AppError("ERR_FORBIDDEN", text);
    }
    throw new AppError("ERR_SERVICE", `${argv.join(" ")}: ${reason}`);
  }

  async show(name: string): Promise<ServiceUnit> {
    const { stdout } = await this.tool(["systemctl", "show", `--property=${PROPERTIES}`, name]);
    const value = (property: typeof PROPERTIES[number]) =>
      new RegExp(`^${property}=(.*)$`, "m").exec(stdout)?.[1] ?? "";
    const isActive = ["active", "reloading"].includes(value("ActiveState"));
    return {
      name,
      path: value("FragmentPath") || null,
      isEnabled: value("UnitFileState") === "enabled",
      isActive,
      state: `${value("ActiveState")} (${value("SubState")})`,
      // What a service said last stays when it has ended.
      status: isActive ? value("StatusText") || null : null,
    };
  }

  async reload(): Promise<void> {
    await this.tool(["systemctl", "daemon-reload"]);
  }

  async enable(names: readonly string[]): Promise<void> {
    await this.tool(["systemctl", "--quiet", "enable", ...names]);
  }

  async disable(names: readonly string[]): Promise<void> {
    await this.tool(["systemctl", "--quiet", "disable", "--now", ...names]);
    // What had failed is not to be remembered as such; what had not is an error to it.
    await this.#run(["systemctl", "reset-failed", ...names]);
  }

  async stop(names: readonly string[]): Promise<void> {
    await this.tool(["systemctl", "stop", ...names]);
  }

  async start(name: string): Promise<void> {
    await this.#startBy("start", name);
  }

  async restart(name: string): Promise<void> {
    await this.#startBy("restart", name);
  }

  /** systemctl itself only says where to look. */
  async #startBy(verb: string, name: string): Promise<void> {
    const { status, stderr } = await this.#run(["systemctl", verb, name]);
    if (status === 0) return;
    const said = await this.#lastWords(name) ?? stderr.trim().split("\n")[0];
    throw new AppError("ERR_SERVICE", `cannot ${verb} ${name}: ${said}; see journalctl -u ${name}`);
  }

  /** What the service said last this time, or else systemd of it. */
  async #lastWords(name: string): Promise<string | undefined> {
    const show = ["systemctl", "show", "--property=InvocationID", "--value", name] as const;
    const invocation = (await this.#run(show)).stdout.trim();
    const ask = async (...argv: string[]) => {
      const journal = ["journalctl", "--quiet", "--no-pager", "--output=cat"] as const;
      const { stdout } = await this.#run([...journal, ...argv]);
      return stdout.trim().split("\n");
    };
    const own = await ask(`_SYSTEMD_INVOCATION_ID=${invocation}`);
    // systemd's first complaint says why, its last one that it did not work.
    const [reason] = await ask("--priority=err", `INVOCATION_ID=${invocation}`);
    return own.at(-1) || reason || undefined;
  }
}
