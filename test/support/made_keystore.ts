import { BUILT_IN_PASSWORD } from "../../src/keystore/store_password.ts";
import { OID } from "../../src/pkcs12/oid.ts";
import { emptyPfx, encodePfx } from "../../src/pkcs12/pfx.ts";
import { newSafeBag, type SafeBag } from "../../src/pkcs12/safe_bag.ts";
import { keysOf } from "./fixtures.ts";
import { sealSecretBag } from "./secret_bag.ts";

export interface MadeEntry {
  /** The friendlyName. */
  readonly name: string;
  readonly payload: string;
  /** What protects it; `secret` unless given. */
  readonly password?: string;
  /** Of an API key: JSON. */
  readonly metadata?: string;
  /** In milliseconds since 1970. */
  readonly createdAt?: number;
}

/** A keystore with these entries, some of which no program should have made. */
export async function madeKeystore(
  entries: readonly MadeEntry[],
  password = BUILT_IN_PASSWORD,
): Promise<Uint8Array> {
  const bags: SafeBag[] = [];
  for (const { name, payload, password = "secret", metadata, createdAt = 0 } of entries) {
    const value = await sealSecretBag(Buffer.from(payload, "utf8"), keysOf(password));
    const bag = newSafeBag(OID.SECRET_BAG, value, name, Buffer.from(`Time ${createdAt}`));
    bags.push(bag.withUtf8Attribute(OID.API_KEY_METADATA, metadata));
  }
  const contents = [{ kind: "data", encoding: undefined, bags } as const];
  return await encodePfx({ ...emptyPfx(), contents }, keysOf(password));
}
