import type { Socket } from "node:net";

/**
 * The file descriptor of a connected socket, on Node and Deno alike. Neither offers it officially;
 * the kernel tells who is at the other end of nothing less.
 *
 * @returns −1 where there is none, which no system call accepts
 */
export function socketDescriptor(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: { fd?: number } | null };
  return handle?.fd ?? -1;
}
