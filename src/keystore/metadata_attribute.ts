import { AppError } from "../errors.ts";
import { type KeyMetadata, type MetadataChange, NO_METADATA } from "../model/key_metadata.ts";
import { NetworkList, parseNetwork } from "../model/network.ts";
import { parseGrantedScope } from "../model/scope.ts";
import { OID } from "../pkcs12/oid.ts";
import type { SafeBag } from "../pkcs12/safe_bag.ts";

/*
 * Metadata is a bag attribute of our own, which Java programs keep as it is: a UTF8String of JSON,
 * `{"v":1,"description":"…","owner":"…","scopes":["…"],"networks":["…"],"replacedBy":"…"}`, without
 * what there is not.
 *
 * A later version may add fields that describe a key; this one keeps them. One that restricts a key in
 * a new way has to raise `v`, and this version then refuses the key.
 */
const VERSION = 1;

const TEXTS = ["description", "owner", "replacedBy"] as const;

const NOT_UNDERSTOOD: KeyMetadata = { ...NO_METADATA, isUnderstood: false };

type Fields = Readonly<Record<string, unknown>>;

export function readMetadata(bag: SafeBag): KeyMetadata {
  if (!bag.hasAttribute(OID.API_KEY_METADATA)) return NO_METADATA;
  const fields = readFields(bag);
  if (fields === undefined || fields["v"] !== VERSION) return NOT_UNDERSTOOD;
  const [description, owner, replacedBy] = TEXTS.map((name) => fields[name]);
  const scopes = parseAll(fields["scopes"], parseGrantedScope);
  const networks = parseAll(fields["networks"], parseNetwork);
  const areTexts = TEXTS.every((name) => fields[name] === undefined || isText(fields[name]));
  if (!areTexts || scopes === undefined || networks === undefined) return NOT_UNDERSTOOD;
  return {
    description,
    owner,
    scopes,
    networks: new NetworkList(networks),
    replacedBy,
    isUnderstood: true,
  } as KeyMetadata;
}

/**
 * The same entry with other metadata; whatever is not known of it stays.
 *
 * @throws AppError ERR_METADATA_UNSUPPORTED where a later version has written what must not get lost
 */
export function withMetadata(bag: SafeBag, change: MetadataChange): SafeBag {
  if (!readMetadata(bag).isUnderstood) throw metadataUnsupported();
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  const fields = Object.entries({ ...readFields(bag), ...Object.fromEntries(given) })
    .filter(([name, value]) => name !== "v" && !(name in change && isEmpty(value)));
  const text = JSON.stringify({ v: VERSION, ...Object.fromEntries(fields) });
  return bag.withUtf8Attribute(OID.API_KEY_METADATA, fields.length === 0 ? undefined : text);
}

export function metadataUnsupported(): AppError {
  return new AppError(
    "ERR_METADATA_UNSUPPORTED",
    "a later version of apikey has written what is to be changed: use that version",
  );
}

function readFields(bag: SafeBag): Fields | undefined {
  try {
    const value: unknown = JSON.parse(bag.utf8Attribute(OID.API_KEY_METADATA) ?? "");
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @returns undefined where one of them is not understood */
function parseAll<T>(value: unknown, parse: (text: string) => T | undefined): T[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return undefined;
  const parsed = value.map((item) => isText(item) ? parse(item) : undefined);
  return parsed.every((item) => item !== undefined) ? parsed : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  return value === "" || (Array.isArray(value) && value.length === 0);
}
