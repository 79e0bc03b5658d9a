import { AppError } from "../errors.ts";
import { parseAlias } from "../model/alias.ts";
import { parseExpiry } from "../model/expiry.ts";
import { isCanonicalUuid } from "../model/uuid.ts";
import { parseMetadata } from "../model/metadata_fields.ts";
import { Secret } from "../model/secret.ts";
import {
  IMPORT_CHECK_PATH,
  IMPORT_PATH,
  type Imported,
  type ImportedKey,
  type ImportRequest,
  importSchema,
  MAX_IMPORTED_KEYS,
} from "../protocol/import.ts";
import type { GivenKey, ImportOptions, ImportService } from "../service/import.ts";
import { type Call, parseBody, type Route } from "./route.ts";

/** A file of 64 MiB in base64, and what is around it. */
const MAX_IMPORT_BYTES = 90 * 1024 * 1024;

export function importRoutes(service: ImportService): Route[] {
  return [
    {
      method: "POST",
      path: IMPORT_PATH,
      access: "admin",
      act: "import",
      recorded: "acts",
      maxBodyBytes: MAX_IMPORT_BYTES,
      async respond(call) {
        const body = await importFrom(service, call, { dryRun: false });
        const aliases = body.keys.filter(isNew).map(({ alias }) => alias);
        return { status: 200, body, done: { aliases } };
      },
    },
    {
      method: "POST",
      path: IMPORT_CHECK_PATH,
      access: "admin",
      act: "import-check",
      recorded: "refusals",
      maxBodyBytes: MAX_IMPORT_BYTES,
      async respond(call) {
        return { status: 200, body: await importFrom(service, call, { dryRun: true }) };
      },
    },
  ];
}

function isNew({ outcome }: Imported["keys"][number]): boolean {
  return outcome === "created" || outcome === "replaced";
}

type Rehearsal = Pick<ImportOptions, "dryRun">;

async function importFrom(
  service: ImportService,
  call: Call,
  rehearsal: Rehearsal,
): Promise<Imported> {
  const request = await parseBody(call, importSchema);
  const { onConflict = "refuse", keys } = request;
  const options = { onConflict, ...rehearsal };
  if (keys === undefined) return await importKeystore(service, request, options);
  return await importKeys(service, request, keys, options);
}

async function importKeystore(
  service: ImportService,
  request: ImportRequest,
  options: ImportOptions,
): Promise<Imported> {
  const { pkcs12, password, offset = 0, limit = MAX_IMPORTED_KEYS } = request;
  if (pkcs12 === undefined) throw invalid("give one of pkcs12 and keys");
  const source = {
    bytes: Buffer.from(pkcs12, "base64"),
    password: password === undefined ? undefined : new Secret(password),
    offset,
    limit,
  };
  const imported = await service.importKeystore(source, options);
  const { total, keys, otherEntries, isPartial } = imported;
  return { total, keys: [...keys], otherEntries, partial: isPartial };
}

async function importKeys(
  service: ImportService,
  request: ImportRequest,
  given: readonly ImportedKey[],
  options: ImportOptions,
): Promise<Imported> {
  const { pkcs12, password, offset, limit } = request;
  if ([pkcs12, password, offset, limit].some((value) => value !== undefined)) {
    throw invalid("keys: pkcs12, password, offset and limit are for another keystore");
  }
  const keys = given.map(parseKey);
  if (new Set(keys.map(({ alias }) => alias)).size < keys.length) {
    throw invalid("keys: an alias is given more than once");
  }
  if (new Set(given.map(({ key }) => key)).size < given.length) {
    throw invalid("keys: a key is given more than once");
  }
  const results = await service.importKeys(keys, options);
  return { total: keys.length, keys: results, otherEntries: 0, partial: false };
}

/** @throws AppError ERR_INVALID_REQUEST, ERR_INVALID_ALIAS; none of them quotes a key */
function parseKey(given: ImportedKey, index: number): GivenKey {
  const { alias, key, expiresOn, disabled = false, ...metadata } = given;
  if (!isCanonicalUuid(key)) throw invalid(`keys[${index}].key: expected a UUID in lower case`);
  const expiry = expiresOn === undefined ? undefined : parseExpiry(expiresOn);
  if (expiresOn !== undefined && expiry === undefined) {
    throw invalid(`keys[${index}].expiresOn: expected one such as 2031-12-31T23:59:59`);
  }
  return {
    alias: parseAlias(alias),
    secret: new Secret(key),
    expiry,
    metadata: parseMetadata(metadata),
    isDisabled: disabled,
  };
}

function invalid(text: string): AppError {
  return new AppError("ERR_INVALID_REQUEST", text);
}
