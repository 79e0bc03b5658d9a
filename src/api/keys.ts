import { lookupAlias } from "../model/alias.ts";
import type { Clock } from "../model/instant.ts";
import { parseMetadata } from "../model/metadata_fields.ts";
import type { Secret } from "../model/secret.ts";
import {
  type CreatedKey,
  createdKeySchema,
  keyListSchema,
  keyPath,
  type KeyRevision,
  keyRevisionSchema,
  KEYS_PATH,
  keySchema,
  type NewKey,
  newKeySchema,
  rotatedKeySchema,
  rotationSchema,
} from "../protocol/keys.ts";
import type { KeyService } from "../service/keys.ts";
import type { UsageService } from "../service/usage.ts";
import { wantedExpiryOf } from "./expiry.ts";
import type { DoneAct } from "../service/audit.ts";
import { type ParsedCall, READING, WRITING } from "./operation.ts";
import { presenter, presentWith } from "./present_key.ts";
import { parameter, type Route, route } from "./route.ts";

/** The routes of the resource `keys`. */
export function keyRoutes(keys: KeyService, usage: UsageService, clock: Clock): Route[] {
  const present = presenter(usage);
  return [
    route({
      method: "GET",
      path: KEYS_PATH,
      access: "admin",
      act: "list",
      recorded: "refusals",
      operationId: "listKeys",
      summary: "List all keys",
      responses: { 200: { description: "In the keystore's order", schema: keyListSchema } },
      problems: READING,
      async respond() {
        const list = await keys.list();
        const now = clock();
        return { status: 200, body: { keys: list.map((key) => present(key, now)) } };
      },
    }),
    route({
      method: "POST",
      path: KEYS_PATH,
      access: "admin",
      act: "create",
      recorded: "acts",
      aliasIn: aliasOfBody,
      operationId: "createKey",
      summary: "Create a key",
      body: newKeySchema,
      responses: {
        201: {
          description: "The key itself, this once",
          schema: createdKeySchema,
          headers: LOCATION,
        },
      },
      problems: ["ERR_INVALID_ALIAS", "ERR_ALIAS_EXISTS", "ERR_EXPIRY_PAST", ...WRITING],
      async respond({ body: { alias, ...fields } }) {
        const wantedExpiry = wantedExpiryOf(fields);
        const metadata = parseMetadata(fields);
        const { key, secret } = await keys.create(alias, { wantedExpiry, metadata });
        return created(presentWith(secret, key), secret);
      },
    }),
    route({
      method: "POST",
      path: `${KEYS_PATH}/:alias/rotate`,
      access: "admin",
      act: "rotate",
      recorded: "acts",
      operationId: "rotateKey",
      summary: "Give an alias a new key, and let the one before go on for a while",
      body: rotationSchema,
      responses: {
        201: {
          description: "The new key itself, this once",
          schema: rotatedKeySchema,
          headers: LOCATION,
        },
      },
      problems: [
        "ERR_ALIAS_UNKNOWN",
        "ERR_KEY_DISABLED",
        "ERR_KEY_RETIRED",
        "ERR_METADATA_UNSUPPORTED",
        "ERR_EXPIRY_PAST",
        ...WRITING,
      ],
      async respond(call) {
        const { graceSeconds, ...fields } = call.body;
        const wantedExpiry = wantedExpiryOf(fields);
        const rotated = await keys.rotate(aliasOf(call), { wantedExpiry, graceSeconds });
        const { key, secret, previous } = rotated;
        const before = previous === undefined ? null : present(previous, clock());
        return created({ ...presentWith(secret, key), previous: before }, secret);
      },
    }),
    route({
      method: "GET",
      path: `${KEYS_PATH}/:alias`,
      access: "admin",
      act: "show",
      recorded: "refusals",
      operationId: "getKey",
      summary: "Show a key",
      responses: { 200: { description: "All but the key itself", schema: keySchema } },
      problems: ["ERR_ALIAS_UNKNOWN", ...READING],
      async respond(call) {
        return { status: 200, body: present(await keys.get(aliasOf(call)), clock()) };
      },
    }),
    route({
      method: "PATCH",
      path: `${KEYS_PATH}/:alias`,
      access: "admin",
      act: "change",
      recorded: "acts",
      operationId: "changeKey",
      summary: "Rename, disable, enable or describe a key",
      body: keyRevisionSchema,
      responses: { 200: { description: "As it is now", schema: keySchema } },
      problems: [
        "ERR_INVALID_ALIAS",
        "ERR_ALIAS_UNKNOWN",
        "ERR_ALIAS_EXISTS",
        "ERR_KEY_RETIRED",
        "ERR_METADATA_UNSUPPORTED",
        ...WRITING,
      ],
      async respond(call) {
        const { alias, disabled, ...fields } = call.body;
        const key = await keys.revise(aliasOf(call), {
          alias,
          isDisabled: disabled,
          metadata: parseMetadata(fields),
        });
        return { status: 200, body: present(key, clock()), done: changesOf(call.body) };
      },
    }),
    route({
      method: "DELETE",
      path: `${KEYS_PATH}/:alias`,
      access: "admin",
      act: "revoke",
      recorded: "acts",
      operationId: "revokeKey",
      summary: "Revoke a key",
      responses: { 204: { description: "It is gone" } },
      problems: ["ERR_ALIAS_UNKNOWN", ...WRITING],
      async respond(call) {
        await keys.revoke(aliasOf(call));
        return { status: 204 };
      },
    }),
  ];
}

const LOCATION = { Location: "The key's own path" };

function created<Body extends CreatedKey>(body: Body, secret: Secret) {
  const headers = { Location: keyPath(body.alias) };
  return { status: 201, body, headers, done: { key: secret.reveal() } } as const;
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

function aliasOf(call: Pick<ParsedCall, "parameters">) {
  return lookupAlias(parameter(call, "alias"));
}
