import { lookupAlias, parseAlias } from "../model/alias.ts";
import { type ApiKey, maskedKey } from "../model/api_key.ts";
import { type Expiry, expiryInstant, isExpired } from "../model/expiry.ts";
import { type Clock, formatInstant, type Instant } from "../model/instant.ts";
import {
  type CreatedKey,
  type Key,
  type KeyList,
  keyPath,
  KEYS_PATH,
  newKeySchema,
} from "../protocol/keys.ts";
import type { KeyService } from "../service/keys.ts";
import { readBody } from "./request_body.ts";
import type { Route } from "./route.ts";

/** The routes of the resource `keys`. */
export function keyRoutes(keys: KeyService, clock: Clock): Route[] {
  return [
    {
      method: "GET",
      path: KEYS_PATH,
      access: "admin",
      async respond(context) {
        const now = clock();
        const list = await keys.list();
        return context.json<KeyList>({ keys: list.map((key) => present(key, now)) });
      },
    },
    {
      method: "POST",
      path: KEYS_PATH,
      access: "admin",
      async respond(context) {
        const { alias } = await readBody(context, newKeySchema);
        const { key, secret } = await keys.create(parseAlias(alias));
        context.header("Location", keyPath(key.alias));
        return context.json<CreatedKey>({
          alias: key.alias,
          key: secret.reveal(),
          createdAt: instantOrNull(key.createdAt),
          expiresAt: expiresAt(key.expiry),
        }, 201);
      },
    },
    {
      method: "GET",
      path: `${KEYS_PATH}/:alias`,
      access: "admin",
      async respond(context) {
        const key = await keys.get(lookupAlias(context.req.param("alias") ?? ""));
        return context.json<Key>(present(key, clock()));
      },
    },
    {
      method: "DELETE",
      path: `${KEYS_PATH}/:alias`,
      access: "admin",
      async respond(context) {
        await keys.revoke(lookupAlias(context.req.param("alias") ?? ""));
        return context.body(null, 204);
      },
    },
  ];
}

function present(key: ApiKey, now: Instant): Key {
  return {
    alias: key.alias,
    maskedKey: maskedKey(key),
    createdAt: instantOrNull(key.createdAt),
    expiresAt: expiresAt(key.expiry),
    expiresOn: key.expiry?.expiresOn ?? null,
    expired: key.expiry !== undefined && isExpired(key.expiry, now),
    readable: key.lastCharacters !== undefined,
  };
}

function expiresAt(expiry: Expiry | undefined): string | null {
  return instantOrNull(expiry && expiryInstant(expiry));
}

function instantOrNull(instant: Instant | undefined): string | null {
  return instant === undefined ? null : formatInstant(instant);
}
