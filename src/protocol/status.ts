import * as v from "valibot";
import { count } from "./count.ts";

export const STATUS_PATH = "/v1/status";

export const statusSchema = v.object({
  version: v.string(),
  server: v.object({
    /** Whether a daemon answers or the command itself, in process. */
    role: v.picklist(["daemon", "command"]),
    pid: count,
    socket: v.nullable(v.string()),
    startedAt: v.pipe(v.string(), v.isoTimestamp()),
  }),
  keystore: v.object({
    path: v.string(),
    exists: v.boolean(),
    keys: count,
    /** Entries that are not API keys, as far as they can be seen. */
    otherEntries: count,
  }),
  /** Where the store password comes from; null as long as there is no keystore. */
  password: v.nullable(v.object({ source: v.string(), path: v.nullable(v.string()) })),
  /** Where what is done is recorded: a path, `journal`, or null for nowhere. */
  auditLog: v.optional(v.nullable(v.string()), null),
  warnings: v.array(v.string()),
});

export type Status = v.InferOutput<typeof statusSchema>;
