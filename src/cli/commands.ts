import type { CommandSpec } from "./command.ts";
import { createCommand } from "./create.ts";
import { daemonCommand } from "./daemon.ts";
import { listCommand } from "./list.ts";
import { revokeCommand } from "./revoke.ts";
import { statusCommand } from "./status.ts";

/** Every command there is, in the order in which `--help` lists them. */
export const COMMANDS: readonly CommandSpec[] = [
  createCommand,
  listCommand,
  revokeCommand,
  statusCommand,
  daemonCommand,
];
