import { unreadable, unsupported } from "./unreadable.ts";

export const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_ITERATIONS = 10_000_000;
const MAX_SALT_BYTES = 1024;

/**
 * @returns the iteration count, if a key derivation with it ends within reason.
 * @throws AppError ERR_KEYSTORE_UNSUPPORTED beyond 10 million
 */
export function checkIterations(iterations: number): number {
  if (iterations < 1) throw unreadable("no iterations");
  if (iterations > MAX_ITERATIONS) {
    throw unsupported(
      `it asks for ${iterations} iterations of its key derivation; ${MAX_ITERATIONS} are the most`,
    );
  }
  return iterations;
}

export function checkSalt(salt: Uint8Array): Uint8Array {
  if (salt.length > MAX_SALT_BYTES) throw unreadable("endless salt");
  return salt;
}
