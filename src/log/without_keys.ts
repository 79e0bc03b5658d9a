const KEY = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{8}([0-9a-f]{4})/gi;

/**
 * A text without what looks like a key: somebody may have given one in the place of an alias. The last
 * four characters stay, as in a list of keys.
 */
export function withoutKeys(text: string): string {
  return text.replace(KEY, "********$1");
}
