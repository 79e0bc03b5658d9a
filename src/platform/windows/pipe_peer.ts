import { systemErrorCode } from "../../errors.ts";
import type { PeerProcess } from "../../model/peer_credentials.ts";
import { call, octetsOf, room, type WindowsLibraries } from "./libraries.ts";
import type { PipeEnd } from "./pipe.ts";
import { executableOf, tokenOf, withProcess } from "./process_token.ts";
import { descriptorOfPipe } from "./security_descriptor.ts";
import { isPrivileged } from "./sid.ts";

/** Who is at the other end of a pipe. */
export interface PipePeer {
  /** Whether it is the system, or an administrator who has elevated. */
  readonly isPrivileged: boolean;
  readonly user: string;
  readonly pid: number | undefined;
}

/**
 * Of a client, as whom its process runs; of a server, whose the pipe is, because an ordinary user may
 * not look at an administrator's process, and only an administrator can make a pipe that belongs to
 * administrators.
 *
 * A process that has ended is nobody. Whoever comes to have its pid meanwhile is taken for it; but the
 * pipe's descriptor has let in its maker alone.
 */
export function pipePeer(libraries: WindowsLibraries, end: PipeEnd): PipePeer | undefined {
  const pid = peerPid(libraries, end);
  if (end.isServer) {
    if (pid === undefined) return undefined;
    const token = withProcess(libraries, pid, (process) => tokenOf(libraries, process));
    return token && { isPrivileged: token.isElevated, user: token.user, pid };
  }
  const owner = ownerOfPipe(libraries, end);
  return owner === undefined ? undefined : { isPrivileged: isPrivileged(owner), user: owner, pid };
}

/** @returns undefined for one that has ended */
function ownerOfPipe(libraries: WindowsLibraries, { handle }: PipeEnd): string | undefined {
  try {
    return descriptorOfPipe(libraries, handle).owner;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

export function pipePeerProcess(
  libraries: WindowsLibraries,
  end: PipeEnd,
): PeerProcess | undefined {
  const pid = peerPid(libraries, end);
  return pid === undefined ? undefined : describeProcess(libraries, pid);
}

export function describeProcess(
  libraries: WindowsLibraries,
  pid: number,
): PeerProcess | undefined {
  return withProcess(libraries, pid, (process) => {
    const executable = executableOf(libraries, process);
    return { executable, loginUid: undefined, unit: undefined };
  });
}

function peerPid({ kernel32 }: WindowsLibraries, end: PipeEnd): number | undefined {
  const name = end.isServer ? "GetNamedPipeClientProcessId" : "GetNamedPipeServerProcessId";
  const pid = room(4);
  if (call(kernel32, name, ["usize", "buffer"], end.handle, octetsOf(pid)) === 0) return undefined;
  return pid.getUint32(0, true);
}
