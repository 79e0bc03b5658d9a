/** fastify_server.ts SOCKET KEYS: Fastify with @fastify/bearer-auth, as its documentation has it. */
import { readFileSync } from "node:fs";
import process from "node:process";
import bearerAuth from "@fastify/bearer-auth";
import { fastify } from "fastify";

const [path = "", keysFile = ""] = process.argv.slice(2);
const keys = new Set<string>(JSON.parse(readFileSync(keysFile, "utf8")));

const server = fastify();
await server.register(bearerAuth, { keys });
server.get("/v1/auth", (_request, reply) => {
  reply.code(204).send();
});
await server.listen({ path });
