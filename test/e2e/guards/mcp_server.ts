import process from "node:process";
import { serve } from "@hono/node-server";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { Hono } from "hono";
import { apiKeyGuard, type GuardVariables } from "metricshub-apikey/client";
import { trustProxy } from "./trust_proxy.ts";

function createMcpServer(alias: string): McpServer {
  const server = new McpServer({ name: "example", version: "1.0.0" });
  const description = "Says by which API key it is called";
  server.registerTool("whoami", { description }, () => ({
    content: [{ type: "text", text: alias }],
  }));
  return server;
}

// The daemon's socket; none behind a proxy that asks it.
const [port, socket] = process.argv.slice(2);
const app = new Hono<{ Variables: GuardVariables }>();
app.use("/mcp", socket === undefined ? trustProxy : apiKeyGuard({ socket }));

app.post("/mcp", async (context) => {
  const transport = new WebStandardStreamableHTTPServerTransport();
  await createMcpServer(context.get("apiKeyAlias")).connect(transport);
  return await transport.handleRequest(context.req.raw);
});
// There is nothing to be told between calls.
app.all("/mcp", (context) => context.body(null, 405, { Allow: "POST" }));

serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(port) });
