import * as v from "valibot";
import { auditRecordSchema } from "../model/audit_record.ts";
import { count } from "../protocol/count.ts";
import { IMPORT_OUTCOMES } from "../protocol/import.ts";
import { createdKeySchema, keyListSchema, keySchema, rotatedKeySchema } from "../protocol/keys.ts";
import {
  keystoreCheckSchema,
  keystoreInfoSchema,
  rekeyedSchema,
  restoredSchema,
} from "../protocol/keystore.ts";
import { declaredKeySchema } from "./declaration.ts";
import { statusSchema } from "../protocol/status.ts";
import { verificationSchema } from "../protocol/verification.ts";

/*
 * What commands print with `--json`. No command loads this, only its types: the published schema is
 * made of it (npm run docs), and a start of the executable does without.
 */

/** In place of a secret: the new file that has it. */
const inFile = { outputFile: v.string() };

const { key: _secret, ...withoutKey } = createdKeySchema.entries;
const createdInFileSchema = v.object({ ...withoutKey, ...inFile });
const rotatedInFileSchema = v.object({
  ...createdInFileSchema.entries,
  previous: rotatedKeySchema.entries.previous,
});

export const revokedOutputSchema = v.object({ alias: v.string(), revoked: v.literal(true) });

export const scanOutputSchema = v.object({
  findings: v.array(v.object({ alias: v.string(), path: v.string(), offset: count })),
  total: count,
  revoked: v.array(v.string()),
  unread: v.array(v.string()),
});

export const statusOutputSchema = v.object({
  ...statusSchema.entries,
  commandVersion: v.string(),
});

export const doctorOutputSchema = v.object({
  findings: v.array(v.object({
    code: v.string(),
    severity: v.picklist(["error", "warning", "hint"]),
    text: v.string(),
    remedy: v.string(),
    command: v.nullable(v.string()),
  })),
});

export const backupOutputSchema = v.object({ path: v.string(), bytes: count });

export const auditVerifyOutputSchema = v.object({
  intact: v.boolean(),
  fault: v.nullable(v.picklist(["altered", "missing", "out of order", "cut off", "unsigned"])),
  sequence: v.nullable(count),
  path: v.nullable(v.string()),
  line: v.nullable(count),
  records: count,
  first: v.nullable(count),
  last: v.nullable(count),
  endChecked: v.boolean(),
});

export const auditFindOutputSchema = v.object({ records: v.array(auditRecordSchema) });

export const auditCertificateOutputSchema = v.object({ certificate: v.string() });

/** What `apply` reads, but with room for more. */
export const exportOutputSchema = v.object({
  version: v.literal(1),
  keys: v.array(v.object(declaredKeySchema.entries)),
});

const fieldValue = v.nullable(v.union([v.string(), v.boolean(), v.array(v.string())]));

const actionSchema = v.object({
  action: v.picklist(["create", "change", "replace", "revoke"]),
  alias: v.string(),
  /** `planned` with --dry-run; `not-begun` behind a failure; `unknown` without an answer. */
  status: v.picklist(["planned", "done", "failed", "unknown", "not-begun"]),
  /** Of all but `revoke`: what is different then, and of `create` what the key is then. */
  changes: v.exactOptional(v.array(v.object({
    field: v.string(),
    from: fieldValue,
    to: fieldValue,
  }))),
  /** Of `revoke`. */
  reason: v.exactOptional(v.picklist(["absent", "unnamed"])),
  /** Of `create` and `replace`: where the key is, an absolute path. */
  outputFile: v.exactOptional(v.string()),
  /** Of `create` without a file, once done: the key, this once. */
  key: v.exactOptional(v.string()),
});

/** What `--json` prints. */
export const applyOutputSchema = v.object({
  /** Whether something has been changed; with --dry-run whether something would be. */
  changed: v.boolean(),
  dryRun: v.boolean(),
  summary: v.object({
    create: count,
    change: count,
    replace: count,
    revoke: count,
    /** As declared already. */
    unchanged: count,
    /** Not there, and not made, as the declared expiry is past. */
    expired: count,
    /** Not named in the file. */
    unnamed: count,
  }),
  actions: v.array(actionSchema),
});

/** What `--json` prints. */
export const importOutputSchema = v.object({
  /** Whether something has been changed; with --dry-run whether something would be. */
  changed: v.boolean(),
  dryRun: v.boolean(),
  source: v.picklist(["keystore", "csv"]),
  summary: v.object({
    created: count,
    replaced: count,
    unchanged: count,
    skipped: count,
    unreadable: count,
    invalidAlias: count,
    /** What is in the source besides API keys. */
    otherEntries: count,
  }),
  /** Whether part of the source cannot be decrypted, so that there may be more keys. */
  partial: v.boolean(),
  /** In the order of the source. */
  keys: v.array(v.object({
    alias: v.string(),
    outcome: v.picklist(IMPORT_OUTCOMES),
    /** Where it is skipped as another alias has this very key: that alias. */
    sameAs: v.exactOptional(v.string()),
  })),
});

const placed = v.array(v.object({ line: count, column: count, text: v.string() }));

export const configCheckOutputSchema = v.object({
  path: v.string(),
  exists: v.boolean(),
  valid: v.boolean(),
  errors: placed,
  warnings: placed,
});

export const configShowOutputSchema = v.object({
  path: v.nullable(v.string()),
  settings: v.array(v.object({
    name: v.string(),
    value: v.nullable(v.union([v.string(), v.number()])),
    source: v.picklist(["flag", "variable", "file", "default"]),
    flag: v.nullable(v.string()),
    variable: v.nullable(v.string()),
    line: v.nullable(count),
  })),
});

export const serviceChangeOutputSchema = v.object({
  changed: v.boolean(),
  /** What has been done, and what stays. */
  steps: v.array(v.string()),
});

export const servicePrintOutputSchema = v.object({
  files: v.array(v.object({ path: v.string(), content: v.string() })),
});

export const serviceStatusOutputSchema = v.object({
  isRunning: v.boolean(),
  units: v.array(v.object({
    name: v.string(),
    path: v.nullable(v.string()),
    isEnabled: v.boolean(),
    isActive: v.boolean(),
    state: v.string(),
    status: v.nullable(v.string()),
  })),
});

/** With `--json` on standard error, whatever the command. */
export const errorOutputSchema = v.object({
  code: v.pipe(v.string(), v.regex(/^ERR_[A-Z_]+$/)),
  exitStatus: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(255)),
  detail: v.string(),
  /** Of what has failed in a daemon: by what its log calls it. */
  requestId: v.exactOptional(v.string()),
});

/** Parts of several documents, with a definition of their own. */
export const SHARED_SCHEMAS: Readonly<Record<string, v.GenericSchema>> = { key: keySchema };

/** By the command's name. Whoever takes `--json` has one. */
export const OUTPUT_SCHEMAS: Readonly<Record<string, v.GenericSchema>> = {
  "create": v.union([createdKeySchema, createdInFileSchema]),
  "list": keyListSchema,
  "show": keySchema,
  "describe": keySchema,
  "rename": keySchema,
  "disable": keySchema,
  "enable": keySchema,
  "rotate": v.union([rotatedKeySchema, rotatedInFileSchema]),
  "revoke": revokedOutputSchema,
  "export": exportOutputSchema,
  "apply": applyOutputSchema,
  "import": importOutputSchema,
  "verify": verificationSchema,
  "scan": scanOutputSchema,
  "status": statusOutputSchema,
  "doctor": doctorOutputSchema,
  "keystore check": keystoreCheckSchema,
  "keystore info": keystoreInfoSchema,
  "keystore backup": backupOutputSchema,
  "keystore restore": restoredSchema,
  "keystore rekey": rekeyedSchema,
  "audit verify": auditVerifyOutputSchema,
  "audit find": auditFindOutputSchema,
  "audit certificate": auditCertificateOutputSchema,
  "service install": serviceChangeOutputSchema,
  "service uninstall": serviceChangeOutputSchema,
  "service status": serviceStatusOutputSchema,
  "service print": servicePrintOutputSchema,
  "config check": configCheckOutputSchema,
  "config show": configShowOutputSchema,
};

export type ErrorOutput = v.InferOutput<typeof errorOutputSchema>;
export type RevokedOutput = v.InferOutput<typeof revokedOutputSchema>;
export type ScanOutput = v.InferOutput<typeof scanOutputSchema>;
export type StatusOutput = v.InferOutput<typeof statusOutputSchema>;
export type DoctorOutput = v.InferOutput<typeof doctorOutputSchema>;
export type BackupOutput = v.InferOutput<typeof backupOutputSchema>;
export type AuditVerifyOutput = v.InferOutput<typeof auditVerifyOutputSchema>;
export type AuditFindOutput = v.InferOutput<typeof auditFindOutputSchema>;
export type AuditCertificateOutput = v.InferOutput<typeof auditCertificateOutputSchema>;
export type ConfigCheckOutput = v.InferOutput<typeof configCheckOutputSchema>;
export type ConfigShowOutput = v.InferOutput<typeof configShowOutputSchema>;
export type ServiceChangeOutput = v.InferOutput<typeof serviceChangeOutputSchema>;
export type ServicePrintOutput = v.InferOutput<typeof servicePrintOutputSchema>;
export type ServiceStatusOutput = v.InferOutput<typeof serviceStatusOutputSchema>;
export type ApplyOutput = v.InferOutput<typeof applyOutputSchema>;
export type ActionOutput = v.InferOutput<typeof actionSchema>;
export type ImportOutput = v.InferOutput<typeof importOutputSchema>;
export type CreatedInFile = v.InferOutput<typeof createdInFileSchema>;
