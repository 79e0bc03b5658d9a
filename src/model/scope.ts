declare const brand: unique symbol;

/** What a key may be used for: `mcp:read`, or with all that it begins `mcp:*`. */
export type Scope = string & { readonly [brand]: "Scope" };

export const MAX_SCOPE_CHARACTERS = 100;
export const WANTED_SCOPE = /^[\w.-]+(?::[\w.-]+)*$/;
export const GRANTED_SCOPE = /^(?:[\w.-]+:)*(?:[\w.-]+|\*)$/;

/** @returns undefined for what no key can be granted */
export function parseGrantedScope(text: string): Scope | undefined {
  return text.length <= MAX_SCOPE_CHARACTERS && GRANTED_SCOPE.test(text)
    ? text as Scope
    : undefined;
}

/** @returns undefined for what cannot be asked for: nobody may need everything at once */
export function parseWantedScope(text: string): Scope | undefined {
  return text.length <= MAX_SCOPE_CHARACTERS && WANTED_SCOPE.test(text) ? text as Scope : undefined;
}

/** Whether one of these covers `wanted`. */
export function covers(granted: readonly Scope[], wanted: Scope): boolean {
  return granted.some((scope) =>
    scope === wanted || (scope.endsWith("*") && wanted.startsWith(scope.slice(0, -1)))
  );
}
