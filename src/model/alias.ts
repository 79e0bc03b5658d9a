import { AppError } from "../errors.ts";
import { isPrintable, printable } from "./printable.ts";

declare const brand: unique symbol;

/** With a name of its own, as declaration files write out what schemas make of a request. */
export interface AliasBrand {
  readonly [brand]: "Alias";
}

/** The name of an API key in its canonical form: lower case, as `java.security.KeyStore` keeps it. */
export type Alias = string & AliasBrand;

export const MAX_ALIAS_CHARACTERS = 255;

/**
 * The alias for a new key.
 *
 * @throws AppError ERR_INVALID_ALIAS unless 1 to 255 characters, none of them a control or
 *   direction-changing one, without surrounding blanks.
 */
export function parseAlias(text: string): Alias {
  const reason = objection(text);
  if (reason !== undefined) {
    throw new AppError("ERR_INVALID_ALIAS", `invalid alias '${printable(text)}': ${reason}`);
  }
  return lookupAlias(text);
}

/**
 * The alias under which to look for an existing key. More lenient than {@link parseAlias}: another
 * program may have named a key in a way that this one would not, and it must stay revocable.
 */
export function lookupAlias(text: string): Alias {
  return text.toLowerCase() as Alias;
}

function objection(text: string): string | undefined {
  if (text === "") return "it is empty";
  if (text.trim() === "") return "it is blank";
  if (text.trim() !== text) return "it begins or ends with a blank";
  if (!isPrintable(text)) return "it holds a control or invisible formatting character";
  // A URL drops these two from its path, however they are encoded, so no request could name them.
  if (text === "." || text === "..") return "it would be unreachable over HTTP";
  if ([...text.toLowerCase()].length > MAX_ALIAS_CHARACTERS) {
    return `it is longer than ${MAX_ALIAS_CHARACTERS} characters`;
  }
  return undefined;
}
