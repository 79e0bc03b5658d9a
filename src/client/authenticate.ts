import { presentedKey } from "../protocol/presented_key.ts";
import type { Verification, VerifyPurpose } from "../protocol/verification.ts";

/** Headers as `Headers` gives them, by names in any case; null for one that is not there. */
export interface PresentedHeaders {
  get(name: string): string | null;
}

/** Whatever checks keys: a KeyVerifier, or a Client, which asks the daemon each time. */
export interface Verifier {
  verify(key: string, purpose?: VerifyPurpose): Promise<Verification>;
}

/**
 * The alias of the key that a request presents in `Authorization`, bare or as a Bearer token, or in
 * `X-API-Key`; undefined where there is none, or not a valid one.
 *
 * @param purpose what the key must be good for, and from where the request comes
 * @throws AppError where that cannot be decided; the request must not pass then
 */
export async function authenticate(
  headers: PresentedHeaders,
  verifier: Verifier,
  purpose: VerifyPurpose = {},
): Promise<string | undefined> {
  const key = presentedKey((name) => headers.get(name) ?? undefined);
  if (key === undefined) return undefined;
  const { valid, alias } = await verifier.verify(key, purpose);
  return valid ? alias ?? undefined : undefined;
}
