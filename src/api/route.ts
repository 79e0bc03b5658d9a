import type { Context } from "hono";
import type { Access } from "./access.ts";
import type { Environment } from "./environment.ts";

/** One route with its access policy; there is no way to declare one without. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly access: Access;
  readonly respond: (context: Context<Environment>) => Promise<Response>;
}
