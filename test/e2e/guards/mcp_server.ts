import process from "node:process";
import { serve } from "@hono/node-server";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { Hono } from "hono";
import { type Caller, requireApiKey, trustProxy } from "./require_api_key.ts";

function createMcpServer(alias: string): McpServer {
  const server = new McpServer({ name: "example", version: "1.0.0" });
  const description = "Says by which API key it is called";
  server.registerTool("whoami", { description }, () => ({
    content: [{ type: "text", text: alias }],
  }));
  return server;
}

// The daemon's socket; none behind a proxy that asks it.
const [port, socketPath] = process.argv.slice(2);
const guard = socketPath === undefined ? trustProxy : requireApiKey(socketPath);
const app = new Hono<Caller>();

app.post("/mcp", guard, async (context) => {
  const transport = new WebStandardStreamableHTTPServerTransport();
  await createMcpServer(context.get("alias")).connect(transport);
  return await transport.handleRequest(context.req.raw);
});
// There is nothing to be told between calls.
app.all("/mcp", (context) => context.body(null, 405, { Allow: "POST" }));

serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(port) });
