import * as v from "valibot";
import { MAX_ALIAS_CHARACTERS, parseAlias } from "../model/alias.ts";
import { parseExpiry } from "../model/expiry.ts";
import {
  MAX_DESCRIPTION_CHARACTERS,
  MAX_ITEMS,
  MAX_OWNER_CHARACTERS,
} from "../model/metadata_fields.ts";
import { parseOffsetDateTime } from "../model/offset_date_time.ts";
import { GRANTED_SCOPE, MAX_SCOPE_CHARACTERS } from "../model/scope.ts";
import { type JsonWords, parsedText } from "./parsed_text.ts";

/* What requests say of keys. */

/** As `isPrintable` has it. */
const PRINTABLE = String.raw`(?:[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Cf}]|[\u200c\u200d])`;

/** For a key that is to have it; whoever looks for a key may ask for any text. */
export const newAlias = parsedText(parseAlias, "an alias", {
  minLength: 1,
  maxLength: MAX_ALIAS_CHARACTERS,
  pattern: String.raw`^(?!\s|\.{1,2}$)(?!.*\s$)${PRINTABLE}+$`,
  examples: ["mcp-openai", "mcp-claude", "nightly backup"],
});

export const expiresOn = parsedText(
  parseExpiry,
  "a local date and time such as 2031-12-31T23:59:59",
  {
    pattern: String.raw`^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:\.\d{0,9})?)?$`,
    examples: ["2099-12-31T23:59:59"],
  },
);

const expiresAt = parsedText(parseOffsetDateTime, "an instant such as 2031-12-31T23:59:59Z", {
  format: "date-time",
  examples: ["2099-12-31T23:59:59Z"],
});

/** Nearly 8,000 years: there is no expiry after the year 9999. */
const MAX_SECONDS = 250_000_000_000;

/** At most one of the three that say when a key expires; see {@link hasOneExpiry}. */
export const wantedExpiry = {
  /** RFC 3339, in any zone. */
  expiresAt: v.exactOptional(expiresAt),
  /** By the wall clock of the keystore's host: `2031-12-31T23:59:59`. */
  expiresOn: v.exactOptional(expiresOn),
  /** From its creation on. */
  expiresInSeconds: v.exactOptional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_SECONDS)),
  ),
};

export const graceSeconds = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.maxValue(MAX_SECONDS),
);

const EXPIRY_NAMES = ["expiresAt", "expiresOn", "expiresInSeconds"] as const;

/** Of whatever has {@link wantedExpiry}; {@link ONE_EXPIRY} says it in JSON Schema. */
export function hasOneExpiry(fields: { readonly [Name in keyof typeof wantedExpiry]?: unknown }) {
  return EXPIRY_NAMES.filter((name) => fields[name] !== undefined).length <= 1;
}

export const EXPECTED_ONE_EXPIRY = "give one of expiresAt, expiresOn and expiresInSeconds";

export const ONE_EXPIRY: JsonWords = {
  dependentSchemas: {
    expiresAt: { properties: { expiresOn: false, expiresInSeconds: false } },
    expiresOn: { properties: { expiresInSeconds: false } },
  },
};

/** Parsed together, by `parseMetadata`. */
export const describedAs = v.pipe(
  v.string(),
  v.metadata({ maxLength: MAX_DESCRIPTION_CHARACTERS, pattern: `^${PRINTABLE}*$` }),
);

export const owner = v.pipe(
  v.string(),
  v.metadata({ maxLength: MAX_OWNER_CHARACTERS, pattern: `^${PRINTABLE}*$` }),
);

export const scopes = v.pipe(
  v.array(
    v.pipe(
      v.string(),
      v.metadata({
        maxLength: MAX_SCOPE_CHARACTERS,
        pattern: GRANTED_SCOPE.source,
        examples: ["mcp:read", "mcp:*"],
      }),
    ),
  ),
  v.metadata({ maxItems: MAX_ITEMS }),
);

export const networks = v.pipe(
  v.array(
    v.pipe(
      v.string(),
      v.metadata({
        pattern: String.raw`^[\da-fA-F.:]{2,45}(?:/\d{1,3})?$`,
        examples: ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"],
      }),
    ),
  ),
  v.metadata({ maxItems: MAX_ITEMS }),
);
