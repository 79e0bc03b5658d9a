import { AppError } from "../errors.ts";
import { parseMetadata } from "../model/metadata_fields.ts";
import { printable } from "../model/printable.ts";
import type { Key, KeyRevision, NewKey } from "../protocol/keys.ts";
import type { DeclaredKey } from "./declaration.ts";

export interface FieldChange {
  readonly field: keyof KeyRevision | "expiresAt" | "expiresOn";
  readonly from: string | boolean | string[] | null;
  readonly to: string | boolean | string[] | null;
}

const FIELDS = ["description", "owner", "scopes", "networks"] as const;
type Metadata = Pick<KeyRevision, typeof FIELDS[number]>;

/** Of a declared key what the API calls the same, null lists being empty ones. */
function fieldsOf({ description, owner, scopes, networks }: DeclaredKey): Metadata {
  return {
    ...(description === undefined ? {} : { description }),
    ...(owner === undefined ? {} : { owner }),
    ...(scopes === undefined ? {} : { scopes: scopes ?? [] }),
    ...(networks === undefined ? {} : { networks: networks ?? [] }),
  };
}

/**
 * What is declared of a key that is yet to be made.
 *
 * @throws AppError ERR_INVALID_REQUEST
 */
export function newMetadata(declared: DeclaredKey): Partial<NewKey> {
  const fields = fieldsOf(declared);
  understood(declared.alias, () => parseMetadata(fields));
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** What a new key will be that none is by itself, null being what there is before. */
export function changesOfNew(newKey: NewKey, disabled: boolean): FieldChange[] {
  const changes: FieldChange[] = [];
  for (const field of [...FIELDS, "expiresAt", "expiresOn"] as const) {
    const to = newKey[field];
    if (to !== undefined && to.length > 0) changes.push({ field, from: null, to });
  }
  return disabled ? [...changes, { field: "disabled", from: null, to: disabled }] : changes;
}

/**
 * What has to be changed for a key to be as declared.
 *
 * @throws AppError ERR_INVALID_REQUEST, ERR_METADATA_UNSUPPORTED
 */
export function changesTo(
  declared: DeclaredKey,
  actual: Key,
): { revision: KeyRevision; changes: FieldChange[] } {
  // What is there already is none of our business, whoever has written it.
  const fields = Object.entries(fieldsOf(declared)).filter(([name, value]) =>
    !isSame(actual[name as typeof FIELDS[number]], value)
  );
  const wanted = understood(actual.alias, () => parseMetadata(Object.fromEntries(fields))) ?? {};
  const changes: FieldChange[] = [];
  for (const field of FIELDS) {
    const value = wanted[field];
    if (value === undefined) continue;
    const to = typeof value === "string" ? value || null : [...value];
    const from = actual[field];
    if (!isSame(from, to)) changes.push({ field, from, to });
  }
  if (changes.length > 0 && !actual.supported) {
    const text = "a later version of apikey has written what is to be changed: use that version";
    throw new AppError("ERR_METADATA_UNSUPPORTED", naming(actual.alias, text));
  }
  const { disabled } = declared;
  if (disabled !== undefined && disabled !== actual.disabled) {
    changes.push({ field: "disabled", from: actual.disabled, to: disabled });
  }
  return { revision: Object.fromEntries(changes.map(({ field, to }) => [field, to])), changes };
}

/** The order of scopes and of networks means nothing. */
function isSame(from: FieldChange["from"], to: FieldChange["to"]): boolean {
  if (!Array.isArray(from) || !Array.isArray(to)) return from === to;
  return from.length === to.length && new Set([...from, ...to]).size === new Set(from).size;
}

function understood<T>(alias: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, naming(alias, error.message), { cause: error });
  }
}

/** An error's text, with whose key it is about. */
export function naming(alias: string, text: string): string {
  return `'${printable(alias)}': ${text}`;
}
