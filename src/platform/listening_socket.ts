import type { NativeLibrary } from "./native_library.ts";
import { socketOption } from "./socket_option.ts";

// <asm-generic/socket.h>; the same on x86-64 and arm64.
const SO_TYPE = 3;
const SO_ACCEPTCONN = 30;
const SO_DOMAIN = 39;

const AF_UNIX = 1;
const SOCK_STREAM = 1;

/** struct sockaddr_un */
const ADDRESS_BYTES = 110;
const PATH_OFFSET = 2;

/**
 * Where a descriptor that was inherited listens.
 *
 * @returns undefined for what is no Unix stream socket that listens at a path
 */
export function listeningPath(libc: NativeLibrary, descriptor: number): string | undefined {
  const option = (name: number) => socketOption(libc, descriptor, name, 4)?.[0];
  const isListener = option(SO_DOMAIN) === AF_UNIX && option(SO_TYPE) === SOCK_STREAM &&
    option(SO_ACCEPTCONN) === 1;
  return isListener ? boundPath(libc, descriptor) : undefined;
}

/** listen(2), once more; what does not work leaves the line as short as it was. */
export function widenBacklog(libc: NativeLibrary, descriptor: number, backlog: number): void {
  const listen = libc.symbol("listen", { parameters: ["i32", "i32"], result: "i32" });
  listen(descriptor, backlog);
}

/** getsockname(2); an abstract address begins with a zero. */
function boundPath(libc: NativeLibrary, descriptor: number): string | undefined {
  const getsockname = libc.symbol("getsockname", {
    parameters: ["i32", "buffer", "buffer"],
    result: "i32",
  });
  const address = new Uint8Array(ADDRESS_BYTES);
  const length = Uint32Array.of(ADDRESS_BYTES);
  if (getsockname(descriptor, address, new Uint8Array(length.buffer)) !== 0) return undefined;
  const bound = Buffer.from(address.subarray(PATH_OFFSET, length[0]));
  const end = bound.indexOf(0);
  const path = bound.toString("utf8", 0, end < 0 ? bound.length : end);
  return path === "" ? undefined : path;
}
