import type { CommandSpec } from "./command.ts";
import { createCommand } from "./create.ts";
import { daemonCommand } from "./daemon.ts";
import { keystoreBackupCommand } from "./keystore_backup.ts";
import { keystoreCheckCommand } from "./keystore_check.ts";
import { keystoreInfoCommand } from "./keystore_info.ts";
import { keystoreRekeyCommand } from "./keystore_rekey.ts";
import { keystoreRestoreCommand } from "./keystore_restore.ts";
import { listCommand } from "./list.ts";
import { revokeCommand } from "./revoke.ts";
import { statusCommand } from "./status.ts";
import { verifyCommand } from "./verify.ts";

/** Every command there is, in the order in which `--help` lists them. */
export const COMMANDS: readonly CommandSpec[] = [
  createCommand,
  listCommand,
  revokeCommand,
  verifyCommand,
  statusCommand,
  keystoreCheckCommand,
  keystoreInfoCommand,
  keystoreBackupCommand,
  keystoreRestoreCommand,
  keystoreRekeyCommand,
  daemonCommand,
];
