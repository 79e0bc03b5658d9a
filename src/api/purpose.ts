import { AppError } from "../errors.ts";
import { parseClientAddress } from "../model/network.ts";
import { parseWantedScope } from "../model/scope.ts";
import type { VerifyPurpose } from "../protocol/verification.ts";
import type { Purpose } from "../service/verification.ts";

/** @throws AppError ERR_INVALID_REQUEST */
export function parsePurpose({ scope, clientAddress }: VerifyPurpose): Purpose {
  const wanted = scope === undefined ? undefined : parseWantedScope(scope);
  if (scope !== undefined && wanted === undefined) {
    throw invalid("scope: expected one such as mcp:read");
  }
  const address = clientAddress === undefined ? undefined : parseClientAddress(clientAddress);
  if (clientAddress !== undefined && address === undefined) {
    throw invalid("clientAddress: expected an IP address");
  }
  return { scope: wanted, clientAddress: address };
}

const NAMES: readonly string[] = ["scope", "clientAddress"] satisfies (keyof VerifyPurpose)[];

/**
 * The same from a URL. Whatever else it asks for might restrict whom to let in, and must not be
 * overlooked.
 *
 * @throws AppError ERR_INVALID_REQUEST
 */
export function parseQueryPurpose(query: string): Purpose {
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (!NAMES.includes(name)) throw invalid("the query has scope and clientAddress at the most");
    if (parameters.getAll(name).length > 1) throw invalid(`${name}: given more than once`);
  }
  const { clientAddress, ...rest } = Object.fromEntries(parameters);
  // A proxy that listens at a Unix socket knows no address: a key that is bound to none may pass.
  return { ...parsePurpose(rest), clientAddress: parseClientAddress(clientAddress ?? "") };
}

function invalid(text: string): AppError {
  return new AppError("ERR_INVALID_REQUEST", text);
}
