import type { Keystore } from "../keystore/keystore.ts";
import { AppError } from "../errors.ts";

export type HealthState = "ok" | "degraded" | "unavailable";

/** Whether keys can be verified, by really looking at the keystore, and without a word on why not. */
export async function healthOf(keystore: Keystore): Promise<HealthState> {
  try {
    const { fault } = await keystore.read();
    return fault === undefined ? "ok" : "degraded";
  } catch (error) {
    if (error instanceof AppError) return "unavailable";
    throw error;
  }
}
