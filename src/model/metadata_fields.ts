import { AppError } from "../errors.ts";
import type { MetadataChange } from "./key_metadata.ts";
import { parseNetwork } from "./network.ts";
import { isPrintable, printable } from "./printable.ts";
import { parseGrantedScope } from "./scope.ts";

/** What is said of a key, in words; null or an empty list removes it. */
export interface MetadataFields {
  readonly description?: string | null;
  readonly owner?: string | null;
  readonly scopes?: readonly string[];
  readonly networks?: readonly string[];
}

export const MAX_DESCRIPTION_CHARACTERS = 1_000;
export const MAX_OWNER_CHARACTERS = 255;
/** Of scopes, or of networks. */
export const MAX_ITEMS = 100;

/** @throws AppError ERR_INVALID_REQUEST */
export function parseMetadata(fields: MetadataFields): MetadataChange | undefined {
  const { description, owner, scopes, networks } = fields;
  // What is not to be changed need not be understood.
  if (Object.keys(fields).length === 0) return undefined;
  return {
    description: parseText("description", description, MAX_DESCRIPTION_CHARACTERS),
    owner: parseText("owner", owner, MAX_OWNER_CHARACTERS),
    scopes: parseItems("scope", scopes, parseGrantedScope, "one such as mcp:read or mcp:*"),
    networks: parseItems("network", networks, parseNetwork, "one such as 10.0.0.0/8"),
  };
}

function parseText(name: string, text: string | null | undefined, maxCharacters: number) {
  if (text === null) return "";
  if (text === undefined) return undefined;
  if (!isPrintable(text)) throw invalid(`${name}: it holds a control or invisible character`);
  if ([...text].length <= maxCharacters) return text;
  throw invalid(`${name}: it is longer than ${maxCharacters} characters`);
}

function parseItems<T>(
  name: string,
  texts: readonly string[] | undefined,
  parse: (text: string) => T | undefined,
  expected: string,
): T[] | undefined {
  if (texts !== undefined && texts.length > MAX_ITEMS) {
    throw invalid(`${name}s: there are more than ${MAX_ITEMS}`);
  }
  const items = texts?.map((text) => {
    const item = parse(text);
    if (item === undefined) throw invalid(`no ${name}: '${printable(text)}'; give ${expected}`);
    return item;
  });
  return items && [...new Set(items)];
}

function invalid(text: string): AppError {
  return new AppError("ERR_INVALID_REQUEST", text);
}
