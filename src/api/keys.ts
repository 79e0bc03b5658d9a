import { AppError } from "../errors.ts";
import { lookupAlias, parseAlias } from "../model/alias.ts";
import { type ApiKey, maskedKey } from "../model/api_key.ts";
import { isExpired } from "../model/expiry.ts";
import type { Clock, Instant } from "../model/instant.ts";
import { parseMetadata } from "../model/metadata_fields.ts";
import type { Secret } from "../model/secret.ts";
import {
  type CreatedKey,
  DEFAULT_GRACE_SECONDS,
  type Key,
  type KeyList,
  keyPath,
  type KeyRevision,
  keyRevisionSchema,
  KEYS_PATH,
  type NewKey,
  newKeySchema,
  type RotatedKey,
  type Rotation,
  rotationSchema,
} from "../protocol/keys.ts";
import type { KeyService } from "../service/keys.ts";
import type { UsageService } from "../service/usage.ts";
import { parseWantedExpiry } from "./expiry.ts";
import { expiresAt, instantOrNull } from "./instant.ts";
import type { DoneAct } from "../service/audit.ts";
import { type Call, parameter, parseBody, type Reply, type Route } from "./route.ts";

/** The routes of the resource `keys`. */
export function keyRoutes(keys: KeyService, usage: UsageService, clock: Clock): Route[] {
  const present = presenter(usage);
  return [
    {
      method: "GET",
      path: KEYS_PATH,
      access: "admin",
      act: "list",
      recorded: "refusals",
      async respond() {
        const list = await keys.list();
        const now = clock();
        const body: KeyList = { keys: list.map((key) => present(key, now)) };
        return { status: 200, body };
      },
    },
    {
      method: "POST",
      path: KEYS_PATH,
      access: "admin",
      act: "create",
      recorded: "acts",
      aliasIn: aliasOfBody,
      async respond(call) {
        const newKey = await parseBody(call, newKeySchema);
        const wantedExpiry = parseWantedExpiry(newKey);
        const metadata = parseMetadata(newKey);
        const alias = parseAlias(newKey.alias);
        const { key, secret } = await keys.create(alias, { wantedExpiry, metadata });
        const body: CreatedKey = presentWith(secret, key);
        return created(body, secret);
      },
    },
    {
      method: "POST",
      path: `${KEYS_PATH}/:alias/rotate`,
      access: "admin",
      act: "rotate",
      recorded: "acts",
      async respond(call) {
        const rotation = await parseBody(call, rotationSchema);
        const wantedExpiry = parseWantedExpiry(rotation);
        const graceSeconds = parseGrace(rotation);
        const rotated = await keys.rotate(aliasOf(call), { wantedExpiry, graceSeconds });
        const { key, secret, previous } = rotated;
        const body: RotatedKey = {
          ...presentWith(secret, key),
          previous: previous === undefined ? null : present(previous, clock()),
        };
        return created(body, secret);
      },
    },
    {
      method: "GET",
      path: `${KEYS_PATH}/:alias`,
      access: "admin",
      act: "show",
      recorded: "refusals",
      async respond(call) {
        const body: Key = present(await keys.get(aliasOf(call)), clock());
        return { status: 200, body };
      },
    },
    {
      method: "PATCH",
      path: `${KEYS_PATH}/:alias`,
      access: "admin",
      act: "change",
      recorded: "acts",
      async respond(call) {
        const revision = await parseBody(call, keyRevisionSchema);
        const { alias, disabled, ...fields } = revision;
        const key = await keys.revise(aliasOf(call), {
          alias: alias === undefined ? undefined : parseAlias(alias),
          isDisabled: disabled,
          metadata: parseMetadata(fields),
        });
        const body: Key = present(key, clock());
        return { status: 200, body, done: changesOf(revision) };
      },
    },
    {
      method: "DELETE",
      path: `${KEYS_PATH}/:alias`,
      access: "admin",
      act: "revoke",
      recorded: "acts",
      async respond(call) {
        await keys.revoke(aliasOf(call));
        return { status: 204 };
      },
    },
  ];
}

function created(body: CreatedKey | RotatedKey, secret: Secret): Reply {
  const headers = { Location: keyPath(body.alias) };
  return { status: 201, body, headers, done: { key: secret.reveal() } };
}

function changesOf(revision: KeyRevision): DoneAct {
  const { alias, disabled } = revision;
  const fields = Object.keys(revision).map((name) => {
    return name === "disabled" && disabled === false ? "enabled" : name;
  });
  return { changes: fields, aliases: alias === undefined ? undefined : [alias] };
}

function aliasOfBody(body: unknown): unknown {
  return (body as Partial<NewKey> | null)?.alias;
}

function aliasOf(call: Call) {
  return lookupAlias(parameter(call, "alias"));
}

function parseGrace({ graceSeconds = DEFAULT_GRACE_SECONDS }: Rotation): number {
  if (Number.isSafeInteger(graceSeconds) && graceSeconds >= 0) return graceSeconds;
  throw new AppError("ERR_INVALID_REQUEST", "graceSeconds: expected a non-negative integer");
}

/** The one place where a key itself is shown. */
function presentWith(secret: Secret, key: ApiKey): CreatedKey {
  return {
    alias: key.alias,
    key: secret.reveal(),
    createdAt: instantOrNull(key.createdAt),
    expiresAt: expiresAt(key.expiry),
    expiresOn: key.expiry?.expiresOn ?? null,
  };
}

function presenter(usage: UsageService): (key: ApiKey, now: Instant) => Key {
  return (key, now) => {
    const { uses, lastUsedAt } = usage.of(key);
    return { ...describe(key, now), lastUsedAt: instantOrNull(lastUsedAt), uses };
  };
}

function describe(key: ApiKey, now: Instant): Omit<Key, "lastUsedAt" | "uses"> {
  return {
    alias: key.alias,
    maskedKey: maskedKey(key),
    createdAt: instantOrNull(key.createdAt),
    expiresAt: expiresAt(key.expiry),
    expiresOn: key.expiry?.expiresOn ?? null,
    expired: key.expiry !== undefined && isExpired(key.expiry, now),
    readable: key.lastCharacters !== undefined,
    disabled: key.isDisabled,
    description: key.metadata.description ?? null,
    owner: key.metadata.owner ?? null,
    scopes: [...key.metadata.scopes],
    networks: [...key.metadata.networks.networks],
    supported: key.metadata.isUnderstood,
    replacedBy: key.metadata.replacedBy ?? null,
  };
}
