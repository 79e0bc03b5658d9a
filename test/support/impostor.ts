/**
 * Serves at the Unix domain socket of its argument as a daemon might, for whoever runs it. Prints
 * `listening`, and for each connection how many octets it received.
 */
import { Buffer } from "node:buffer";
import { createServer } from "node:net";
import process from "node:process";

const body = JSON.stringify({ keys: [], alias: "x", key: "forged" });
const answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" +
  `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;

const server = createServer((socket) => {
  let received = 0;
  socket.on("data", (chunk) => received += chunk.length);
  socket.on("error", () => undefined);
  socket.on("close", () => console.log(`received ${received}`));
  socket.write(answer);
});
server.listen(process.argv[2], () => console.log("listening"));
