import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../errors.ts";
import { closeDescriptor, type NativeLibrary } from "./native_library.ts";

const AF_UNIX = 1;
/** SOCK_DGRAM | SOCK_CLOEXEC, the same on x86-64 and arm64. */
const DATAGRAM = 2 | 0o2000000;
/** MSG_DONTWAIT | MSG_NOSIGNAL */
const SEND_FLAGS = 0x40 | 0x4000;
const EAGAIN = 11;

/** How long a full queue may take. */
const ATTEMPTS = 50;
const RETRY_MS = 20;

/**
 * Hands one entry to systemd's journal by its native protocol: fields as `NAME=value` lines in one
 * datagram.
 *
 * @throws AppError ERR_AUDIT
 */
export async function sendToJournal(
  libc: NativeLibrary,
  errno: () => number,
  socketPath: string,
  entry: string,
): Promise<void> {
  const open = libc.symbol("socket", { parameters: ["i32", "i32", "i32"], result: "i32" });
  const descriptor = Number(open(AF_UNIX, DATAGRAM, 0));
  if (descriptor < 0) throw unreachable(errno());
  try {
    for (let attempt = 0; !send(libc, descriptor, socketPath, entry); attempt++) {
      const number = errno();
      if (number !== EAGAIN || attempt === ATTEMPTS) throw unreachable(number);
      await sleep(RETRY_MS);
    }
  } finally {
    closeDescriptor(libc, descriptor);
  }
}

/** sendto(2) */
function send(libc: NativeLibrary, descriptor: number, path: string, entry: string): boolean {
  const sendto = libc.symbol("sendto", {
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
    result: "i32",
  });
  const octets = Buffer.from(entry, "utf8");
  // struct sockaddr_un { sa_family_t sun_family; char sun_path[]; }
  const address = Buffer.concat([new Uint8Array([AF_UNIX, 0]), Buffer.from(`${path}\0`)]);
  const sent = sendto(
    descriptor,
    octets,
    BigInt(octets.length),
    SEND_FLAGS,
    address,
    address.length,
  );
  return sent === octets.length;
}

function unreachable(errno: number): AppError {
  return new AppError("ERR_AUDIT", `cannot write to the journal (errno ${errno})`);
}
