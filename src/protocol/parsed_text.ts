import * as v from "valibot";

/**
 * What JSON Schema says of a text beyond its being one: a pattern, a format, examples. It stands
 * beside the parser that decides; the test that drives a daemon by its own description holds the one
 * to the other.
 */
export type JsonWords = Readonly<Record<string, unknown>>;

/**
 * Text in a request that is a value of the model to whoever reads it there.
 *
 * @param parse gives undefined for what is none, or throws what is wrong
 * @param expected for people, as "one such as mcp:read"
 */
export function parsedText<Value>(
  parse: (text: string) => Value | undefined,
  expected: string,
  words: JsonWords,
) {
  return v.pipe(
    v.string(),
    v.metadata(words),
    v.rawTransform<string, Value>(({ dataset, addIssue, NEVER }) => {
      const value = parse(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: `expected ${expected}` });
      return NEVER;
    }),
  );
}
