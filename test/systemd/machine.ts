import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import type { Box, BoxRunOptions } from "../support/box.ts";
import { COMMAND } from "../support/command.ts";
import type { Outcome } from "../support/execute.ts";
import { bootSystemd, type SystemdBoxOptions } from "../support/systemd_box.ts";

export const SOCKET = "/run/metricshub/apikey.sock";
export const SERVICE = "metricshub-apikey.service";
export const CONFIGURATION = "/etc/metricshub/apikey.yaml";
export const STATE = "/var/lib/metricshub/security";
export const KEYSTORE = `${STATE}/metricshub-keystore.p12`;

/** Somebody who is nothing to the service. */
export const STRANGER = { uid: 1000, gid: 1000 };

/** A booted system. */
export interface Machine extends AsyncDisposable {
  readonly box: Box;
  /** Runs a program that has to end well. @returns what it prints */
  does(argv: readonly string[], options?: BoxRunOptions): Promise<string>;
  /** Runs one whatever comes of it. */
  tries(argv: readonly string[], options?: BoxRunOptions): Promise<Outcome>;
  writes(path: string, content: string, mode?: number): void;
  /** What the service has said since the system was booted. */
  journal(): Promise<string>;
  /** Waits for the service to be run by another process than this. @returns its process id */
  nextPid(previous: string): Promise<string>;
  pid(): Promise<string>;
}

export async function bootMachine(
  root: string,
  options: Omit<SystemdBoxOptions, "root"> = {},
): Promise<Machine> {
  const box = await bootSystemd({ root, ...options });
  const tries: Machine["tries"] = (argv, options) => box.run(argv, options);
  const does: Machine["does"] = async (argv, options) => {
    const { status, stdout, stderr } = await tries(argv, options);
    assert.is(status, 0, `${argv.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  };
  const pid = async () =>
    (await does(["systemctl", "show", "--property=MainPID", "--value", SERVICE])).trim();
  const journal = () =>
    does(["journalctl", "--quiet", "--no-pager", "--output=cat", `--unit=${SERVICE}`]);
  return {
    box,
    does,
    tries,
    pid,
    journal,
    writes(path, content, mode = 0o644) {
      const outside = box.path(path);
      mkdirSync(dirname(outside), { recursive: true, mode: 0o755 });
      writeFileSync(outside, content, { mode });
    },
    async nextPid(previous) {
      for (let tries = 0; tries < 600; tries++) {
        const current = await pid();
        if (current !== "0" && current !== previous) return current;
        await sleep(50);
      }
      throw new Error(`nothing but process ${previous} serves:\n${await journal()}`);
    },
    [Symbol.asyncDispose]: () => box[Symbol.asyncDispose](),
  };
}

/** Brings the executable to a place of a machine. */
export function bringExecutable({ box }: Machine, path: string): void {
  const outside = box.path(path);
  mkdirSync(dirname(outside), { recursive: true });
  copyFileSync(COMMAND[0], outside);
  chmodSync(outside, 0o755);
}
