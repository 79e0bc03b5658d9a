/**
 * The key that a request's headers present: `Authorization`, bare or as a Bearer token, the way
 * MetricsHub accepts it, else `X-API-Key`.
 *
 * @param header gives a header by its name in lower case, repetitions joined as fetch joins them
 */
export function presentedKey(header: (name: string) => string | undefined): string | undefined {
  const authorization = header("authorization");
  const key = authorization === undefined ? undefined : authorizationKey(authorization);
  return key ?? (header("x-api-key")?.trim() || undefined);
}

/** @returns undefined for other schemes, as of a proxy's own users */
function authorizationKey(value: string): string | undefined {
  const text = value.trim();
  const end = text.indexOf(" ");
  if (end < 0) return text === "" || isBearer(text) ? undefined : text;
  return isBearer(text.slice(0, end)) ? text.slice(end).trim() : undefined;
}

/** RFC 9110, section 11.1: a scheme is case-insensitive. */
function isBearer(scheme: string): boolean {
  return scheme.toLowerCase() === "bearer";
}
