import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../errors.ts";
import type { RunTool } from "./tool.ts";

/** What launchd says of a service. */
export interface LaunchdState {
  readonly isLoaded: boolean;
  readonly isEnabled: boolean;
  /** In its own words: `running`; `not loaded` where it knows none. */
  readonly state: string;
  readonly pid: number | undefined;
}

/** A service that is being ended is in the way of a new one for a moment. */
const PATIENCE_MS = 20_000;
const RETRY_MS = 250;

/** launchctl(1), about one service for the whole system. */
export class Launchctl {
  readonly #label: string;
  readonly #run: RunTool;

  constructor(label: string, run: RunTool) {
    this.#label = label;
    this.#run = run;
  }

  async state(): Promise<LaunchdState> {
    const { status, stdout } = await this.#run(["launchctl", "print", this.#target]);
    const isEnabled = !await this.#isDisabled();
    if (status !== 0) return { isLoaded: false, isEnabled, state: "not loaded", pid: undefined };
    const [, state = "unknown"] = /^\tstate = (.+)$/m.exec(stdout) ?? [];
    const [, pid] = /^\tpid = (\d+)$/m.exec(stdout) ?? [];
    return { isLoaded: true, isEnabled, state, pid: pid === undefined ? undefined : Number(pid) };
  }

  /** @throws AppError ERR_SERVICE */
  async load(plist: string): Promise<void> {
    await this.#tool("enable", this.#target);
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await this.#tool("bootstrap", "system", plist);
      } catch (error) {
        if (!(error instanceof AppError) || performance.now() >= deadline) throw error;
      }
      await sleep(RETRY_MS);
    }
  }

  /** Ends it, too. */
  async unload(): Promise<void> {
    await this.#tool("bootout", this.#target);
    const deadline = performance.now() + PATIENCE_MS;
    while ((await this.state()).isLoaded && performance.now() < deadline) await sleep(RETRY_MS);
  }

  get #target(): string {
    return `system/${this.#label}`;
  }

  async #isDisabled(): Promise<boolean> {
    const { stdout } = await this.#run(["launchctl", "print-disabled", "system"]);
    const line = stdout.split("\n").find((text) => text.includes(`"${this.#label}"`));
    return line !== undefined && /=> (disabled|true)$/.test(line.trim());
  }

  async #tool(...args: readonly string[]): Promise<void> {
    const { status, stdout, stderr } = await this.#run(["launchctl", ...args]);
    if (status === 0) return;
    const [reason] = (stderr.trim() || stdout.trim() || `exit status ${status}`).split("\n");
    throw new AppError("ERR_SERVICE", `launchctl ${args.join(" ")}: ${reason}`);
  }
}
