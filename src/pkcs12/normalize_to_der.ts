import { NotDerError } from "./unreadable.ts";

/**
 * Reads `bytes` with `decode`, a reader of DER; where they turn out to be BER (NSS and some
 * Windows programs write indefinite lengths and segmented strings), reads their DER instead.
 * The code for that is loaded only then.
 */
export async function normalizeToDer<T>(
  bytes: Uint8Array,
  decode: (der: Uint8Array) => T | Promise<T>,
): Promise<T> {
  try {
    return await decode(bytes);
  } catch (error) {
    if (!(error instanceof NotDerError)) throw error;
    const { berToDer } = await import("./ber.ts");
    return await decode(berToDer(bytes));
  }
}
