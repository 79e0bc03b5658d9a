import { TAG } from "../../src/pkcs12/tag.ts";
import { ENTRY_PASSWORD, STORE_PASSWORD } from "./passwords.ts";
import { unsealUnder } from "./sealing.ts";
import { encodeValue, parseValues, type Value, valueAt } from "./value.ts";

/**
 * The AuthenticatedSafe of a file, with what is sealed in it opened; what is sealed with
 * `storePassword` is from now on to be sealed with {@link STORE_PASSWORD}.
 *
 * @returns undefined for a file that is not a PFX in DER
 */
export function openSafe(bytes: Uint8Array, storePassword = STORE_PASSWORD): Value | undefined {
  const safe = valueAt(parseValues(bytes)?.[0], 1, 1, 0, 0);
  if (safe !== undefined) unseal(safe, storePassword);
  return safe;
}

function unseal({ content }: Value, storePassword: string): void {
  if (!Array.isArray(content)) return;
  for (const [index, value] of content.entries()) {
    unsealValue(value, content[index - 1], storePassword);
    unseal(value, storePassword);
  }
}

function unsealValue(value: Value, algorithm: Value | undefined, storePassword: string): void {
  const mayBeSealed = value.tag === TAG.OCTET_STRING || value.tag === TAG.CONTEXT_0_PRIMITIVE;
  if (!mayBeSealed || algorithm === undefined || Array.isArray(value.content)) return;
  const algorithmIdentifier = encodeValue(algorithm);
  for (const password of [storePassword, ENTRY_PASSWORD]) {
    const plaintext = unsealUnder(algorithmIdentifier, password, value.content);
    const content = plaintext && parseValues(plaintext);
    if (content === undefined) continue;
    value.content = content;
    value.password = password === ENTRY_PASSWORD ? password : STORE_PASSWORD;
    return;
  }
}
