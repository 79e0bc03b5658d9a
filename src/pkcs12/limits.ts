import { unreadable, unsupported } from "./unreadable.ts";

export const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** Of one key derivation, and of all that are needed to open a file, up to its entries. */
export const MAX_ITERATIONS = 10_000_000;
/** Java's legacy encryption takes 100,000 for each entry, half of them for the IV. */
const ITERATIONS_PER_ENTRY = 1_000_000;
const MAX_SALT_BYTES = 1024;
/** More bags of a key each than {@link MAX_FILE_BYTES} hold; a bag of nothing takes nine bytes. */
const MAX_BAGS = 250_000;

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

/**
 * @param iterations of each entry that needs key derivations of its own
 * @throws AppError ERR_KEYSTORE_UNSUPPORTED where they would together take beyond reason
 */
export function checkTotalIterations(iterations: readonly number[]): void {
  const most = MAX_ITERATIONS + iterations.length * ITERATIONS_PER_ENTRY;
  const total = iterations.reduce((sum, count) => sum + count, 0);
  if (total > most) {
    throw unsupported(
      `its ${iterations.length} keys ask for ${total} iterations; ${most} are the most`,
    );
  }
}

export function checkSalt(salt: Uint8Array): Uint8Array {
  if (salt.length > MAX_SALT_BYTES) throw unreadable("endless salt");
  return salt;
}

/** @throws AppError ERR_KEYSTORE_UNSUPPORTED beyond 250,000 bags, or ContentInfos */
export function checkCount(count: number): void {
  if (count > MAX_BAGS) throw unsupported(`it has more than ${MAX_BAGS} entries`);
}
