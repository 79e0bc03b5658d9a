import { applyCommand } from "./apply.ts";
import type { CommandSpec } from "./command.ts";
import { auditCertificateCommand } from "./audit_certificate.ts";
import { auditFindCommand } from "./audit_find.ts";
import { auditVerifyCommand } from "./audit_verify.ts";
import { completionCommand } from "./completion.ts";
import { configCheckCommand } from "./config_check.ts";
import { configShowCommand } from "./config_show.ts";
import { createCommand } from "./create.ts";
import { daemonCommand } from "./daemon.ts";
import { describeCommand } from "./describe.ts";
import { disableCommand } from "./disable.ts";
import { doctorCommand } from "./doctor.ts";
import { enableCommand } from "./enable.ts";
import { exportCommand } from "./export.ts";
import { importCommand } from "./import.ts";
import { keystoreBackupCommand } from "./keystore_backup.ts";
import { keystoreCheckCommand } from "./keystore_check.ts";
import { keystoreInfoCommand } from "./keystore_info.ts";
import { keystoreRekeyCommand } from "./keystore_rekey.ts";
import { keystoreRestoreCommand } from "./keystore_restore.ts";
import { listCommand } from "./list.ts";
import { renameCommand } from "./rename.ts";
import { revokeCommand } from "./revoke.ts";
import { rotateCommand } from "./rotate.ts";
import { scanCommand } from "./scan.ts";
import { schemaCommand } from "./schema.ts";
import { serviceInstallCommand } from "./service_install.ts";
import { servicePrintCommand } from "./service_print.ts";
import { serviceStatusCommand } from "./service_status.ts";
import { serviceUninstallCommand } from "./service_uninstall.ts";
import { showCommand } from "./show.ts";
import { statusCommand } from "./status.ts";
import { verifyCommand } from "./verify.ts";

/** Every command there is, in the order in which `--help` lists them. */
export const COMMANDS: readonly CommandSpec[] = [
  createCommand,
  listCommand,
  showCommand,
  describeCommand,
  renameCommand,
  disableCommand,
  enableCommand,
  rotateCommand,
  revokeCommand,
  verifyCommand,
  scanCommand,
  exportCommand,
  applyCommand,
  importCommand,
  statusCommand,
  doctorCommand,
  keystoreCheckCommand,
  keystoreInfoCommand,
  keystoreBackupCommand,
  keystoreRestoreCommand,
  keystoreRekeyCommand,
  auditVerifyCommand,
  auditFindCommand,
  auditCertificateCommand,
  configCheckCommand,
  configShowCommand,
  daemonCommand,
  serviceInstallCommand,
  serviceUninstallCommand,
  serviceStatusCommand,
  servicePrintCommand,
  schemaCommand,
  completionCommand,
];
