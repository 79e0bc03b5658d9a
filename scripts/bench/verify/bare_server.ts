/** bare_server.ts SOCKET: node:http that answers 204 to everything, the most there is to reach. */
import { createServer } from "node:http";
import process from "node:process";

createServer((_request, response) => {
  response.statusCode = 204;
  response.end();
}).listen(process.argv[2]);
