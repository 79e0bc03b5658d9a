import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

/** @throws StreamableHTTPError with `code` 401 for a key that is not valid */
export async function connectMcp(url: string, key: string): Promise<Client> {
  const client = new Client({ name: "example-client", version: "1.0.0" });
  const requestInit = { headers: { Authorization: `Bearer ${key}` } };
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit });
  await client.connect(transport);
  return client;
}
