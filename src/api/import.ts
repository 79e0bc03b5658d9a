import type * as v from "valibot";
import { AppError } from "../errors.ts";
import { parseMetadata } from "../model/metadata_fields.ts";
import { Secret } from "../model/secret.ts";
import {
  IMPORT_CHECK_PATH,
  IMPORT_PATH,
  type Imported,
  importedSchema,
  importSchema,
  MAX_IMPORTED_KEYS,
} from "../protocol/import.ts";
import type { GivenKey, ImportOptions, ImportService } from "../service/import.ts";
import { WRITING } from "./operation.ts";
import { type Route, route } from "./route.ts";

/** A file of 64 MiB in base64, and what is around it. */
const MAX_IMPORT_BYTES = 90 * 1024 * 1024;

const PROBLEMS = [
  "ERR_INVALID_ALIAS",
  "ERR_ALIAS_EXISTS",
  "ERR_IMPORT_CONFLICT",
  "ERR_IMPORT_REFUSED",
  ...WRITING,
] as const;

export function importRoutes(service: ImportService): Route[] {
  return [
    route({
      method: "POST",
      path: IMPORT_PATH,
      access: "admin",
      act: "import",
      recorded: "acts",
      maxBodyBytes: MAX_IMPORT_BYTES,
      operationId: "importKeys",
      summary: "Take keys over with their secrets, from another keystore or one by one",
      body: importSchema,
      responses: { 200: { description: "What became of each key", schema: importedSchema } },
      problems: PROBLEMS,
      async respond(call) {
        const body = await importFrom(service, call.body, { dryRun: false });
        const aliases = body.keys.filter(isNew).map(({ alias }) => alias);
        return { status: 200, body, done: { aliases } };
      },
    }),
    route({
      method: "POST",
      path: IMPORT_CHECK_PATH,
      access: "admin",
      act: "import-check",
      recorded: "refusals",
      maxBodyBytes: MAX_IMPORT_BYTES,
      operationId: "checkImport",
      summary: "Tell what an import would do",
      body: importSchema,
      responses: { 200: { description: "What would become of each", schema: importedSchema } },
      problems: PROBLEMS,
      async respond(call) {
        return { status: 200, body: await importFrom(service, call.body, { dryRun: true }) };
      },
    }),
  ];
}

function isNew({ outcome }: Imported["keys"][number]): boolean {
  return outcome === "created" || outcome === "replaced";
}

type Rehearsal = Pick<ImportOptions, "dryRun">;

type ImportRequest = v.InferOutput<typeof importSchema>;
type ImportedKey = NonNullable<ImportRequest["keys"]>[number];

/** Of the two sources exactly one is there. */
async function importFrom(
  service: ImportService,
  request: ImportRequest,
  rehearsal: Rehearsal,
): Promise<Imported> {
  const { onConflict, keys } = request;
  const options = { onConflict, ...rehearsal };
  if (keys === undefined) return await importKeystore(service, request, options);
  return await importKeys(service, keys, options);
}

async function importKeystore(
  service: ImportService,
  request: ImportRequest,
  options: ImportOptions,
): Promise<Imported> {
  const { pkcs12 = "", password, offset = 0, limit = MAX_IMPORTED_KEYS } = request;
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
  given: readonly ImportedKey[],
  options: ImportOptions,
): Promise<Imported> {
  const keys = given.map(givenKey);
  if (new Set(keys.map(({ alias }) => alias)).size < keys.length) {
    throw invalid("keys: an alias is given more than once");
  }
  if (new Set(given.map(({ key }) => key)).size < given.length) {
    throw invalid("keys: a key is given more than once");
  }
  const results = await service.importKeys(keys, options);
  return { total: keys.length, keys: results, otherEntries: 0, partial: false };
}

/** @throws AppError ERR_INVALID_REQUEST, which does not quote the key */
function givenKey({ alias, key, expiresOn, disabled, ...metadata }: ImportedKey): GivenKey {
  return {
    alias,
    secret: new Secret(key),
    expiry: expiresOn,
    metadata: parseMetadata(metadata),
    isDisabled: disabled,
  };
}

function invalid(text: string): AppError {
  return new AppError("ERR_INVALID_REQUEST", text);
}
