/**
 * A header of node's `rawHeaders` (name, value, name, value, …), whose repetitions are joined as
 * fetch joins them. Node's own `headers` costs more than all else that a short request needs.
 *
 * @param name in lower case
 */
export function rawHeader(rawHeaders: readonly string[], name: string): string | undefined {
  let joined: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const other = rawHeaders[index] ?? "";
    if (other.length !== name.length || other.toLowerCase() !== name) continue;
    const value = rawHeaders[index + 1] ?? "";
    joined = joined === undefined ? value : `${joined}, ${value}`;
  }
  return joined;
}

/** Whether a body follows, or may. */
export function announcesBody(rawHeaders: readonly string[]): boolean {
  return rawHeader(rawHeaders, "transfer-encoding") !== undefined ||
    (rawHeader(rawHeaders, "content-length") ?? "0") !== "0";
}
