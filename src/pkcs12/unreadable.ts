import { AppError } from "../errors.ts";

/**
 * The one answer to a wrong password, a tampered file and bytes that are no PKCS#12 at all: telling
 * them apart would tell an attacker how far a guess or a forgery got.
 */
export function unreadable(cause?: unknown): AppError {
  return new AppError(
    "ERR_KEYSTORE_UNREADABLE",
    "wrong password, or the file is damaged or not a PKCS#12 keystore",
    { cause },
  );
}

/** The file asks for something that this program does not do, or not within reason. */
export function unsupported(what: string): AppError {
  return new AppError("ERR_KEYSTORE_UNSUPPORTED", what);
}

/** Bytes that may be BER but are not DER: read them through `ber.ts` instead. */
export class NotDerError extends AppError {
  constructor(reason: string) {
    super("ERR_KEYSTORE_UNREADABLE", unreadable().message, { cause: reason });
  }
}
