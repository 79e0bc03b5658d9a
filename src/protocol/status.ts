import * as v from "valibot";
import { count } from "./count.ts";
import { instant } from "./instant.ts";

export const STATUS_PATH = "/v1/status";

export const statusSchema = v.object({
  version: v.string(),
  server: v.object({
    /** Whether a daemon answers or the command itself, in process. */
    role: v.picklist(["daemon", "command"]),
    pid: count,
    socket: v.nullable(v.string()),
    startedAt: v.pipe(v.string(), v.isoTimestamp()),
    /** Whom a daemon has on the line now, whoever asks included; null in process. */
    connections: v.optional(v.nullable(v.object({ open: count, users: count })), null),
  }),
  keystore: v.object({
    path: v.string(),
    exists: v.boolean(),
    keys: count,
    /** Entries that are not API keys, as far as they can be seen. */
    otherEntries: count,
    /** How many of the keys are what; null where a daemon of before does not say. */
    states: v.optional(
      v.nullable(v.object({
        valid: count,
        expired: count,
        disabled: count,
        replaced: count,
        unsupported: count,
        unreadable: count,
      })),
      null,
    ),
    /** When the file was last written, by whichever program. */
    savedAt: v.optional(instant, null),
  }),
  /** Where the store password comes from; null as long as there is no keystore. */
  password: v.nullable(v.object({ source: v.string(), path: v.nullable(v.string()) })),
  /** Where what is done is recorded: a path, `journal`, or null for nowhere. */
  auditLog: v.optional(v.nullable(v.string()), null),
  warnings: v.array(v.string()),
});

export type Status = v.InferOutput<typeof statusSchema>;
