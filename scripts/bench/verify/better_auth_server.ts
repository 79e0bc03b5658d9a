/**
 * better_auth_server.ts SOCKET KEYS sqlite|map: better-auth with its plugin for API keys, behind
 * node:http. Keys are in SQLite, or in a Map, which is as fast as better-auth gets.
 *
 * Every check writes when the key was last used, which cannot be turned off.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { apiKey } from "@better-auth/api-key";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";

const [path = "", keysFile = "", storage] = process.argv.slice(2);
const keys = JSON.parse(readFileSync(keysFile, "utf8")) as string[];
const upcoming = keys.values();

const database = new DatabaseSync(`${path}.db`);
// The usual way to make SQLite quick: no write then waits for the disk.
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");

const options = {
  database,
  baseURL: "http://localhost",
  secret: randomUUID() + randomUUID(),
  logger: { disabled: true },
  telemetry: { enabled: false },
  plugins: [
    apiKey({
      rateLimit: { enabled: false },
      deferUpdates: true,
      customKeyGenerator: () => upcoming.next().value ?? "",
      storage: storage === "map" ? "secondary-storage" : "database",
      customStorage: memory(),
    }),
  ],
};
await (await getMigrations(options)).runMigrations();

const auth = betterAuth(options);
for (const _ of keys) {
  // A user each: all the keys of one user are in one value, which is rewritten every time.
  await auth.api.createApiKey({ body: { userId: randomUUID() } });
}

createServer(async ({ headers }, response) => {
  const key = headers.authorization?.slice("Bearer ".length) ?? "";
  const { valid } = await auth.api.verifyApiKey({ body: { key } });
  response.statusCode = valid ? 204 : 401;
  response.end();
}).listen(path);

function memory() {
  const values = new Map<string, string>();
  return {
    get: (name: string) => values.get(name) ?? null,
    set: (name: string, value: string) => void values.set(name, value),
    delete: (name: string) => void values.delete(name),
    getAndDelete: unused,
    increment: unused,
  };
}

/** What only sessions and rate limits need. */
function unused(): never {
  throw new TypeError("no check of a key needs this");
}
