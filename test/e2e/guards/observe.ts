import { readFileSync } from "node:fs";
import { connectTo, encodeRequest } from "../../support/http.ts";
import type { User } from "../../support/users.ts";

/** Who a process is to those it connects to. */
export function identityOf(pid: number): Required<Pick<User, "uid" | "gid" | "groups">> {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const ids = (name: string) => {
    const [, line = ""] = new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status) ?? [];
    return line.trim().split(/\s+/).map(Number);
  };
  // Real, effective, saved, file system's.
  const [[, uid = 0], [, gid = 0]] = [ids("Uid"), ids("Gid")];
  return { uid, gid, groups: ids("Groups") };
}

/** The inodes of a daemon's open connections. */
export function connectionsTo(socket: string): string[] {
  const CONNECTED = "03";
  const sockets = readFileSync("/proc/net/unix", "utf8").split("\n").map((line) =>
    line.split(/\s+/)
  );
  return sockets.filter(([, , , , , state, , path]) => path === socket && state === CONNECTED)
    .map(([, , , , , , inode = ""]) => inode);
}

/** All that comes back when one asks for a WebSocket, or else, and says hello to an echo. */
export function upgrade(port: number, key: string, protocol = "websocket"): Promise<string> {
  const headers = {
    Connection: "Upgrade",
    Upgrade: protocol,
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    Authorization: `Bearer ${key}`,
  };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connectTo(port).setEncoding("utf8");
  let received = "";
  let isGreeted = false;
  socket.on("data", (text: string) => {
    received += text;
    if (received.includes("\r\n\r\n") && !isGreeted) {
      isGreeted = true;
      socket.write("hello");
    }
    if (!received.startsWith("HTTP/1.1 101 ") || received.endsWith("hello")) socket.end();
  });
  socket.once("error", reject);
  socket.once("close", () => resolve(received));
  socket.write(encodeRequest({ method: "GET", path: "/socket", headers }));
  return promise;
}
