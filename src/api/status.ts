import { formatInstant, type Instant } from "../model/instant.ts";
import { STATUS_PATH, statusSchema } from "../protocol/status.ts";
import type { Audit } from "../service/audit.ts";
import type { StatusService } from "../service/status.ts";
import { READING } from "./operation.ts";
import { type Route, route } from "./route.ts";

/** Which process answers. */
export interface Server {
  readonly version: string;
  readonly role: "daemon" | "command";
  readonly pid: number;
  readonly socket: string | undefined;
  readonly startedAt: Instant;
  /** Whom it has on the line; undefined where nobody connects. */
  readonly connections: (() => { readonly open: number; readonly users: number }) | undefined;
}

export function statusRoutes(status: StatusService, audit: Audit, server: Server): Route[] {
  const { version, role, pid, socket, startedAt, connections } = server;
  return [route({
    method: "GET",
    path: STATUS_PATH,
    access: "admin",
    act: "status",
    recorded: "refusals",
    operationId: "getStatus",
    summary: "Tell which process answers, for which keystore",
    responses: { 200: { description: "With what needs attention", schema: statusSchema } },
    problems: READING,
    async respond() {
      const { password, warnings, savedAt, ...keystore } = await status.status();
      const body = {
        version,
        server: {
          role,
          pid,
          socket: socket ?? null,
          startedAt: formatInstant(startedAt),
          connections: connections?.() ?? null,
        },
        keystore: { ...keystore, savedAt: savedAt === undefined ? null : formatInstant(savedAt) },
        password: password ? { source: password.source, path: password.path ?? null } : null,
        auditLog: audit.log ?? null,
        warnings: [...warnings],
      };
      return { status: 200, body };
    },
  })];
}
