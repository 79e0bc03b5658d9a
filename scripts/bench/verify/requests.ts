import { randomUUID } from "node:crypto";
import { encodeRequest } from "../http_connection.ts";

/** As many as a batch may have. */
export const BATCH_KEYS = 1000;

const BATCHES = 10;

/** `GET /v1/auth` for each of these keys. */
export function authRequests(keys: readonly string[]): string[] {
  return keys.map((key) =>
    `GET /v1/auth HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\n\r\n`
  );
}

/** Batches that start in different places of these keys, which come again where they are few. */
export function batchRequests(keys: readonly string[]): string[] {
  return Array.from({ length: BATCHES }, (_, batch) => {
    const first = Math.floor(batch * keys.length / BATCHES);
    const some = Array.from({ length: BATCH_KEYS }, (_, i) => keys[(first + i) % keys.length]);
    return encodeRequest("POST", "/v1/verify/batch", { keys: some });
  });
}

/** Keys that nobody has stored. */
export function unknownKeys(count: number): string[] {
  return Array.from({ length: count }, () => randomUUID());
}

/** In the middle of the keystore: whoever scans it takes as long as for all of them on average. */
export function middleKey(keys: readonly string[]): string {
  return keys[keys.length >> 1] ?? "";
}
