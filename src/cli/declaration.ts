import * as v from "valibot";

/*
 * The declared state of keys: what `export` writes and `apply` reads. src/cli/README.md documents it.
 */
const text = v.string("expected a text: put it into quotes");
const texts = v.array(text, "expected a list of texts");
const clearable = v.nullable(text);

export const declaredKeySchema = v.strictObject({
  alias: text,
  description: v.exactOptional(clearable),
  owner: v.exactOptional(clearable),
  /** null and an empty list both mean: for anything. */
  scopes: v.exactOptional(v.nullable(texts)),
  /** null and an empty list both mean: from anywhere. */
  networks: v.exactOptional(v.nullable(texts)),
  /** RFC 3339, in any zone; null for never. */
  expiresAt: v.exactOptional(clearable),
  /** By the wall clock of the keystore's host; null for never. */
  expiresOn: v.exactOptional(clearable),
  disabled: v.exactOptional(v.boolean("expected true or false")),
  state: v.exactOptional(v.picklist(["present", "absent"], "expected present or absent")),
  /** Where the key goes when it is made. */
  outputFile: v.exactOptional(
    v.pipe(text, v.regex(/^[ -\uffff]+$/, "expected the path of a file")),
  ),
});

export const declarationSchema = v.strictObject({
  version: v.literal(
    1,
    ({ input }) =>
      typeof input === "string" ? "expected the number 1, without quotes" : "expected 1",
  ),
  keys: v.array(declaredKeySchema, "expected a list"),
});

export type DeclaredKey = v.InferOutput<typeof declaredKeySchema>;
export type Declaration = v.InferOutput<typeof declarationSchema>;
