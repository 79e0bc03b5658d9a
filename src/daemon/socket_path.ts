import { existsSync, lstatSync, mkdirSync, statSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { AppError, systemErrorCode } from "../errors.ts";
import type { FileLock, Platform } from "../platform/platform.ts";

/** unix(7): `sun_path`, without its terminating zero; macOS has four less. */
const MAX_PATH_BYTES = 107;

/**
 * Claims a path to listen at: creates its folder, makes sure that no daemon is alive there, and
 * clears away what a dead one left.
 *
 * @returns the lock to hold for as long as the path is in use
 * @throws AppError ERR_DAEMON_RUNNING naming the other daemon's pid, ERR_SOCKET for a path that
 *   cannot be used
 */
export async function claimSocketPath(path: string, platform: Platform): Promise<FileLock> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    const text = `cannot listen at ${path}: the path is longer than ${MAX_PATH_BYTES} bytes`;
    throw new AppError("ERR_SOCKET", text);
  }
  try {
    assertSocket(path);
    prepareFolder(dirname(path), platform);
    const lock = platform.openLock(`${path}.lock`);
    if (!lock.tryAcquire("daemon")) throw running(path, lock.holder()?.pid);
    await clearStaleSocket(path);
    return lock;
  } catch (error) {
    throw socketError(error, path, platform);
  }
}

/** Turns a system's error about the socket into one line. */
export function socketError(error: unknown, path: string, { self }: Platform): unknown {
  const errno = systemErrorCode(error);
  if (errno === undefined) return error;
  const isDenied = self.uid !== 0 && (errno === "EACCES" || errno === "EPERM");
  const code = isDenied ? "ERR_FORBIDDEN" : "ERR_SOCKET";
  return new AppError(code, `cannot listen at ${path}: ${errno}`, { cause: error });
}

/** Everyone may enter the folder, as the socket has its own mode; nobody else may change it. */
function prepareFolder(folder: string, platform: Platform): void {
  if (!existsSync(folder)) {
    platform.withMode(0o755, () => mkdirSync(folder, { recursive: true, mode: 0o755 }));
  }
  const { mode } = statSync(folder);
  if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0) {
    const text = `others can write to ${folder}, and so replace the socket in it: chmod go-w it`;
    throw new AppError("ERR_SOCKET", text);
  }
}

/** @returns whether there is one */
function assertSocket(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isSocket()) return stats !== undefined;
  throw new AppError("ERR_SOCKET", `cannot listen at ${path}: it exists and is no socket`);
}

async function clearStaleSocket(path: string): Promise<void> {
  if (!assertSocket(path)) return;
  if (await isAnswered(path)) throw running(path, undefined);
  unlinkSync(path);
}

/** Whether some process listens at a socket: only a dead one's refuses. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => {
      if (["ECONNREFUSED", "ENOENT"].includes(systemErrorCode(error) ?? "")) resolve(false);
      else reject(error);
    });
  });
}

function running(path: string, pid: number | undefined): AppError {
  const who = pid === undefined ? "a daemon" : `a daemon with pid ${pid}`;
  return new AppError("ERR_DAEMON_RUNNING", `${who} already listens at ${path}`);
}
