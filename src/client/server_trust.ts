import type { Socket } from "node:net";
import { AppError } from "../errors.ts";
import { OVERFLOW_ID } from "../model/peer_credentials.ts";
import type { Platform } from "../platform/platform.ts";

/**
 * Whether to talk to the process behind a connection: one that only looks like a daemon could hand
 * out keys of its own, or collect those that it is asked about.
 *
 * @param owners the uids of whom a server is trusted, as the kernel sees them
 * @throws AppError ERR_DAEMON_UNTRUSTED, or ERR_FORBIDDEN in a user namespace where even root's
 *   processes are nobody's: there one cannot tell, and would not be let in either
 */
export function assertTrustedServer(
  socket: Socket,
  platform: Platform,
  owners: readonly number[],
): void {
  const server = platform.peerCredentials(socket);
  if (server !== undefined && server.uid !== OVERFLOW_ID && owners.includes(server.uid)) return;
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
