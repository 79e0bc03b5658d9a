import type { PasswordKeys } from "../../src/pkcs12/password_keys.ts";
import { openSecretBag } from "../support/secret_bag.ts";
import { BAG } from "./bags.ts";
import { type Reading, reasonOf } from "./reader.ts";
import { parseValues, valueAt } from "./value.ts";

const BAG_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(BAG).map(([name, bagId]) => [bagId, name]),
);

/** What sort of file this is: the more such features a set of files has, the more it exercises. */
export async function featuresOf(bytes: Uint8Array, reading: Reading): Promise<string[]> {
  if (reading.kind === "rejected") return [`${reading.code}: ${reading.reason}`];
  const { pfx, entries, entryKeys } = reading.content;
  const features = new Set([`MAC with ${pfx.mac.digest}`, ...berFeatures(bytes)]);
  for (const { kind, bags } of pfx.contents) {
    features.add(`part: ${kind}`);
    for (const { bagId } of bags ?? []) {
      features.add(`bag: ${BAG_NAMES[bagId] ?? "OTHER"}`);
    }
  }
  for (const { bag } of entries.values()) {
    features.add(`API key: ${await openBag(bag.bagValue, entryKeys)}`);
  }
  return [...features];
}

function berFeatures(bytes: Uint8Array): string[] {
  const pfx = parseValues(bytes);
  if (pfx === undefined) return ["envelope in BER"];
  return Array.isArray(valueAt(pfx[0], 1, 1, 0)?.content) ? [] : ["content in BER"];
}

/** Why a bag does not open, or that it does. */
async function openBag(bagValue: Uint8Array, keys: PasswordKeys): Promise<string> {
  try {
    await openSecretBag(bagValue, keys);
    return "opened";
  } catch (error) {
    return reasonOf(error);
  }
}
