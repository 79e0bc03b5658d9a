import type { ApiClient } from "../client/api_client.ts";
import { AppError } from "../errors.ts";
import { printable } from "../model/printable.ts";

/**
 * Nobody is to go by what is not there because of a mistyped path, or of a daemon that does not run:
 * where a command serves itself it must have looked into a keystore.
 *
 * @throws AppError ERR_KEYSTORE_MISSING
 */
export async function assertKeystore(client: ApiClient): Promise<void> {
  const status = await client.status().catch(unlessDefect);
  if (status === undefined || status.server.role !== "command" || status.keystore.exists) return;
  const text = `there is no keystore ${printable(status.keystore.path)} yet`;
  throw new AppError("ERR_KEYSTORE_MISSING", text);
}

/** A daemon tells those who may verify keys no more than that, and its answer stands. */
function unlessDefect(error: unknown): undefined {
  if (!(error instanceof AppError)) throw error;
}
