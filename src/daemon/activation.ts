import { AppError } from "../errors.ts";
import type { Platform, ProcessIdentity } from "../platform/platform.ts";

/** The environment. */
type Variables = Readonly<Record<string, string | undefined>>;

/** A socket that listens already, and goes on listening when this process has ended. */
export interface InheritedSocket {
  readonly descriptor: number;
  readonly path: string;
}

/** What the socket's unit calls it: `FileDescriptorName=`. */
export const DESCRIPTOR_NAME = "apikey";

/** Where the descriptors begin. */
const FIRST_DESCRIPTOR = 3;

/**
 * The socket that systemd holds for this daemon, by the protocol of sd_listen_fds(3).
 *
 * @returns undefined where none was passed, or to another process
 * @throws AppError ERR_SOCKET for anything but one Unix socket of the right name: who listens at more
 *   than was meant, or at something else, lets in more than was meant
 */
export function inheritedSocket(
  env: Variables,
  { self, listeningPath }: Pick<Platform, "listeningPath"> & {
    readonly self: Pick<ProcessIdentity, "pid">;
  },
): InheritedSocket | undefined {
  const { LISTEN_PID: pid, LISTEN_FDS: count, LISTEN_FDNAMES: names } = env;
  // What is set for a process that has started this one is not for this one.
  if (pid !== String(self.pid) || count === undefined) return undefined;
  if (count !== "1") throw unfit(`systemd passes ${count} sockets in place of one`);
  // systemd-socket-activate(1) gives no names; units always do.
  if (names !== undefined && names !== DESCRIPTOR_NAME) {
    throw unfit(`the socket that systemd passes is not called '${DESCRIPTOR_NAME}'`);
  }
  const path = listeningPath(FIRST_DESCRIPTOR);
  if (path === undefined) {
    throw unfit("what systemd passes is no Unix socket that listens at a path");
  }
  return { descriptor: FIRST_DESCRIPTOR, path };
}

function unfit(reason: string): AppError {
  return new AppError("ERR_SOCKET", `${reason}: see metricshub-apikey.socket`);
}
