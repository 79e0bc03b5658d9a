import { closeDescriptor, type NativeLibrary } from "./native_library.ts";

const AF_UNIX = 1;
/** SOCK_DGRAM | SOCK_CLOEXEC, the same on x86-64 and arm64. */
const DATAGRAM = 2 | 0o2000000;
/** MSG_DONTWAIT | MSG_NOSIGNAL */
const SEND_FLAGS = 0x40 | 0x4000;

/**
 * Sends one datagram to a Unix socket on Linux, which neither runtime has a call for. It does not wait
 * for room in a full queue.
 *
 * @param path one that begins with `@` is of the abstract namespace
 * @returns 0, or the errno of what failed
 */
export function sendDatagram(
  libc: NativeLibrary,
  errno: () => number,
  path: string,
  octets: Uint8Array,
): number {
  const open = libc.symbol("socket", { parameters: ["i32", "i32", "i32"], result: "i32" });
  const descriptor = Number(open(AF_UNIX, DATAGRAM, 0));
  if (descriptor < 0) return errno();
  try {
    return sendTo(libc, descriptor, socketAddress(path), octets) === octets.length ? 0 : errno();
  } finally {
    closeDescriptor(libc, descriptor);
  }
}

/** sendto(2) */
function sendTo(
  libc: NativeLibrary,
  descriptor: number,
  address: Uint8Array,
  octets: Uint8Array,
): number | bigint {
  const sendto = libc.symbol("sendto", {
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
    result: "i32",
  });
  return sendto(descriptor, octets, BigInt(octets.length), SEND_FLAGS, address, address.length);
}

/** unix(7): struct sockaddr_un { sa_family_t sun_family; char sun_path[]; } */
function socketAddress(path: string): Uint8Array {
  const isAbstract = path.startsWith("@");
  const name = isAbstract ? `\0${path.slice(1)}` : `${path}\0`;
  return Buffer.concat([new Uint8Array([AF_UNIX, 0]), Buffer.from(name, "utf8")]);
}
