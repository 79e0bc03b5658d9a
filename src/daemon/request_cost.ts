import type { IncomingMessage } from "node:http";
import { COSTS } from "./allowances.ts";

/** How many of the shortest requests this one counts as. */
export function requestCost(request: IncomingMessage): number {
  // Their bodies are not read. And node takes headers apart only where somebody asks for them, which
  // those who ask thousands of times a second should not pay for.
  if (request.method === "GET" || request.method === "HEAD") return 1;
  const { headers } = request;
  return 1 + Math.floor(Number(headers["content-length"] ?? 0) / COSTS.bodyBytesPerRequest);
}
