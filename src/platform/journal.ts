import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../errors.ts";
import { sendDatagram } from "./datagram.ts";
import type { NativeLibrary } from "./native_library.ts";

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
  const octets = Buffer.from(entry, "utf8");
  for (let attempt = 0;; attempt++) {
    const number = sendDatagram(libc, errno, socketPath, octets);
    if (number === 0) return;
    if (number !== EAGAIN || attempt === ATTEMPTS) {
      throw new AppError("ERR_AUDIT", `cannot write to the journal (errno ${number})`);
    }
    await sleep(RETRY_MS);
  }
}
