import { createHash } from "node:crypto";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import type { NewApiKey } from "../../src/keystore/api_key_entry.ts";
import {
  indexContent,
  type KeystoreContent,
  openKeys,
} from "../../src/keystore/keystore_content.ts";
import { KeystoreDraft } from "../../src/keystore/keystore_draft.ts";
import { parseAlias } from "../../src/model/alias.ts";
import type { ApiKey } from "../../src/model/api_key.ts";
import type { Instant } from "../../src/model/instant.ts";
import { Secret } from "../../src/model/secret.ts";
import { portablePkcs12Kdf } from "../../src/pkcs12/key_derivation.ts";
import type { MacParameters } from "../../src/pkcs12/mac_data.ts";
import { PasswordKeys } from "../../src/pkcs12/password_keys.ts";
import { decodePfx, encodePfx, type Pfx } from "../../src/pkcs12/pfx.ts";
import { platform } from "../support/open_keystore.ts";
import { ENTRY_PASSWORD, STORE_PASSWORD } from "./passwords.ts";

/*
 * How the program reads a keystore, in terms of its outermost functions.
 */

/** What became of a file that was read. */
export type Reading = Accepted | Rejected;

export interface Accepted {
  readonly kind: "accepted";
  readonly content: KeystoreContent;
  readonly keys: readonly ApiKey[];
}

export interface Rejected {
  readonly kind: "rejected";
  readonly code: ErrorCode;
  /** Why, without the numbers in it. */
  readonly reason: string;
}

/** What a file may be rejected with. Everything else is a defect. */
const REJECTIONS: readonly ErrorCode[] = ["ERR_KEYSTORE_UNREADABLE", "ERR_KEYSTORE_UNSUPPORTED"];

/** JDK 17's own parameters, so that no new ones are made for every file that is written. */
const CURRENT_MAC: MacParameters = {
  digest: "sha256",
  salt: new Uint8Array(20).fill(1),
  iterations: 10_000,
};

const NEW_KEY: NewApiKey = {
  alias: parseAlias("added"),
  secret: new Secret("11111111-2222-4333-8444-555555555555"),
  createdAt: 1_700_000_000_000 as Instant,
  expiry: undefined,
};

/** The derivations for {@link CURRENT_MAC} are shared; those of damaged files must not pile up. */
const MAX_ROUND_TRIPS = 500;
let roundTrips = 0;
let sharedKeys = keysOf(STORE_PASSWORD);

/** @throws whatever is not a rejection as it ought to be */
export async function read(bytes: Uint8Array): Promise<Reading> {
  try {
    return await open(bytes, keysOf(STORE_PASSWORD));
  } catch (error) {
    if (!(error instanceof AppError) || !REJECTIONS.includes(error.code)) throw error;
    return { kind: "rejected", code: error.code, reason: reasonOf(error) };
  }
}

/** @throws Error unless what is written for an accepted file reads as that file did */
export async function assertRoundTrip({ content, keys }: Accepted): Promise<void> {
  const again = await rewrite(content.pfx);
  assertSame(
    describe(again.content, again.keys),
    describe(content, keys),
    "written and read again",
  );
}

/** @throws Error unless a key can be added and another removed, and all else stays */
export async function assertChangeable({ content, keys }: Accepted): Promise<void> {
  const [removed] = content.entries.keys();
  const draft = new KeystoreDraft(content);
  if (removed !== undefined) draft.remove(removed);
  const added = draft.has(NEW_KEY.alias) ? [] : [await draft.add(NEW_KEY)];
  const again = await rewrite((await draft.finish()).pfx);
  const expected = [...keys.filter(({ alias }) => alias !== removed), ...added];
  assertSame(byAlias(again.keys), byAlias(expected), "API keys after a change");
  assertSame(again.content.otherEntries, content.otherEntries, "other entries after a change");
}

async function rewrite(pfx: Pfx): Promise<Accepted> {
  if (++roundTrips % MAX_ROUND_TRIPS === 0) sharedKeys = keysOf(STORE_PASSWORD);
  return await open(await encodePfx({ ...pfx, mac: CURRENT_MAC }, sharedKeys), sharedKeys);
}

async function open(bytes: Uint8Array, storeKeys: PasswordKeys): Promise<Accepted> {
  const pfx = await decodePfx(bytes, storeKeys);
  const content = indexContent(pfx, keysOf(ENTRY_PASSWORD));
  return { kind: "accepted", content, keys: await openKeys(content) };
}

function keysOf(password: string): PasswordKeys {
  return new PasswordKeys(new Secret(password), platform.pkcs12Kdf ?? portablePkcs12Kdf);
}

/** The text of what caused an error, without the numbers in it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return withoutNumbers(String(error));
  const { cause } = error;
  // OpenSSL's texts begin with where they are from.
  const message = error.message.replace(/^error:.*::/, "");
  return cause === undefined ? withoutNumbers(message) : reasonOf(cause);
}

function withoutNumbers(text: string): string {
  return text.replace(/\d+(\.[\de+]+)*/g, "N").slice(0, 80);
}

function describe({ pfx, otherEntries }: KeystoreContent, keys: readonly ApiKey[]): unknown {
  const contents = pfx.contents.map(({ kind, bags }) => {
    const digest = createHash("sha256");
    for (const { encoding } of bags ?? []) digest.update(encoding);
    return [kind, bags?.length, digest.digest("hex")];
  });
  return { contents, otherEntries, keys };
}

function byAlias(keys: readonly ApiKey[]): ApiKey[] {
  return keys.toSorted((a, b) => a.alias < b.alias ? -1 : 1);
}

function assertSame(actual: unknown, expected: unknown, what: string): void {
  const [actualText, expectedText] = [actual, expected].map((value) => JSON.stringify(value));
  if (actualText !== expectedText) {
    throw new Error(
      `${what}: ${actualText?.slice(0, 500)} instead of ${expectedText?.slice(0, 500)}`,
    );
  }
}
