import { lstatSync } from "node:fs";
import type { Socket } from "node:net";
import { dirname } from "node:path";
import { AppError, systemErrorCode } from "../errors.ts";
import { OVERFLOW_ID } from "../model/peer_credentials.ts";
import type { Platform } from "../platform/platform.ts";
import { isRootsAlone } from "../roots_alone.ts";

/**
 * Whether to talk to the process behind a connection: one that only looks like a daemon could hand
 * out keys of its own, or collect those that it is asked about.
 *
 * @param owners the uids of whom a server is trusted, as the kernel sees them
 * @param path of the socket: where only root can have put it, whoever listens does so for root
 * @throws AppError ERR_DAEMON_UNTRUSTED, or ERR_FORBIDDEN in a user namespace where even root's
 *   processes are nobody's: there one cannot tell, and would not be let in either
 */
export function assertTrustedServer(
  socket: Socket,
  platform: Platform,
  owners: readonly number[],
  path: string,
): void {
  const server = platform.peerCredentials(socket);
  if (server !== undefined && server.uid !== OVERFLOW_ID) {
    if (owners.includes(server.uid)) return;
    // In a user namespace what seems to be root's may be anybody's.
    if (!platform.self.isConfined && isRootsSocket(path)) return;
  }
  if (platform.self.isConfined) {
    throw new AppError(
      "ERR_FORBIDDEN",
      "administrator privileges are required: root of a user namespace is not root of this host",
    );
  }
  const owner = server === undefined ? "somebody unknown" : `uid ${server.uid}`;
  throw new AppError(
    "ERR_DAEMON_UNTRUSTED",
    `the daemon's socket belongs to ${owner}: not to root, the keystore's owner or you`,
  );
}

/** A socket of root's, in folders that nobody else can change: a service's, which runs as another user. */
function isRootsSocket(path: string): boolean {
  try {
    const socket = lstatSync(path);
    return socket.isSocket() && socket.uid === 0 && isRootsAlone(dirname(path));
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}
