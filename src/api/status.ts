import { formatInstant, type Instant } from "../model/instant.ts";
import { type Status, STATUS_PATH } from "../protocol/status.ts";
import type { Audit } from "../service/audit.ts";
import type { StatusService } from "../service/status.ts";
import type { Route } from "./route.ts";

/** Which process answers. */
export interface Server {
  readonly version: string;
  readonly role: "daemon" | "command";
  readonly pid: number;
  readonly socket: string | undefined;
  readonly startedAt: Instant;
}

export function statusRoutes(status: StatusService, audit: Audit, server: Server): Route[] {
  const { version, role, pid, socket, startedAt } = server;
  return [{
    method: "GET",
    path: STATUS_PATH,
    access: "admin",
    act: "status",
    recorded: "refusals",
    async respond() {
      const { password, warnings, ...keystore } = await status.status();
      const body: Status = {
        version,
        server: { role, pid, socket: socket ?? null, startedAt: formatInstant(startedAt) },
        keystore,
        password: password ? { source: password.source, path: password.path ?? null } : null,
        auditLog: audit.log ?? null,
        warnings: [...warnings],
      };
      return { status: 200, body };
    },
  }];
}
