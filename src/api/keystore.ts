import type { Finding } from "../model/finding.ts";
import { parseEpochMs } from "../model/instant.ts";
import { Secret } from "../model/secret.ts";
import {
  KEYSTORE_CHECK_PATH,
  KEYSTORE_COPY_PATH,
  KEYSTORE_PATH,
  KEYSTORE_REKEY_PATH,
  KEYSTORE_RESTORE_PATH,
  keystoreCheckSchema,
  keystoreCopySchema,
  type KeystoreEntry,
  type KeystoreFinding,
  type KeystoreInfo,
  keystoreInfoSchema,
  rekeyedSchema,
  rekeySchema,
  restoredSchema,
  restoreSchema,
} from "../protocol/keystore.ts";
import type { KeystoreInfo as Info, KeystoreService } from "../service/keystore.ts";
import { instantOrNull } from "./instant.ts";
import { READING, WRITING } from "./operation.ts";
import { type Route, route } from "./route.ts";

/** A file of 64 MiB in base64, and what is around it. */
const MAX_COPY_BYTES = 90 * 1024 * 1024;

/** The routes of the keystore as a whole. */
export function keystoreRoutes(keystore: KeystoreService): Route[] {
  return [
    route({
      method: "GET",
      path: KEYSTORE_PATH,
      access: "admin",
      act: "keystore-info",
      recorded: "refusals",
      operationId: "getKeystore",
      summary: "Tell what is in the keystore's file, without anything secret",
      responses: { 200: { description: "Each entry as it is stored", schema: keystoreInfoSchema } },
      problems: ["ERR_KEYSTORE_MISSING", ...READING],
      async respond() {
        return { status: 200, body: present(await keystore.info()) };
      },
    }),
    route({
      method: "GET",
      path: KEYSTORE_CHECK_PATH,
      access: "admin",
      act: "keystore-check",
      recorded: "refusals",
      operationId: "checkKeystore",
      summary: "Open all that there is to open, and look at the files",
      responses: { 200: { description: "With what was found", schema: keystoreCheckSchema } },
      problems: READING,
      async respond() {
        const { findings, ...check } = await keystore.check();
        return { status: 200, body: { ...check, findings: findings.map(presentFinding) } };
      },
    }),
    route({
      method: "GET",
      path: KEYSTORE_COPY_PATH,
      access: "admin",
      act: "keystore-copy",
      recorded: "acts",
      operationId: "copyKeystore",
      summary: "Copy the keystore's file",
      responses: { 200: { description: "As encrypted as it is", schema: keystoreCopySchema } },
      problems: ["ERR_KEYSTORE_MISSING", ...READING],
      async respond() {
        const bytes = Buffer.from(await keystore.copy());
        return { status: 200, body: { pkcs12: bytes.toString("base64") } };
      },
    }),
    route({
      method: "POST",
      path: KEYSTORE_RESTORE_PATH,
      access: "admin",
      act: "keystore-restore",
      recorded: "acts",
      maxBodyBytes: MAX_COPY_BYTES,
      operationId: "restoreKeystore",
      summary: "Put a copy in the keystore's place",
      body: restoreSchema,
      responses: { 200: { description: "What was there is kept", schema: restoredSchema } },
      problems: ["ERR_RESTORE_REFUSED", ...WRITING],
      async respond({ body: { pkcs12, force } }) {
        const restored = await keystore.restore(Buffer.from(pkcs12, "base64"), force);
        return { status: 200, body: { ...restored, keptAt: restored.keptAt ?? null } };
      },
    }),
    route({
      method: "POST",
      path: KEYSTORE_REKEY_PATH,
      access: "admin",
      act: "keystore-rekey",
      recorded: "acts",
      operationId: "rekeyKeystore",
      summary: "Move the keystore to another store password",
      body: rekeySchema,
      responses: { 200: { description: "Where the new password is", schema: rekeyedSchema } },
      problems: ["ERR_KEYSTORE_MISSING", "ERR_REKEY_REFUSED", ...WRITING],
      async respond({ body: { password, force } }) {
        const newPassword = password === undefined ? undefined : new Secret(password);
        const { source, path } = await keystore.rekey(newPassword, force);
        return { status: 200, body: { source, path: path ?? null } };
      },
    }),
  ];
}

function present({ path, bytes, mac, entries, generations }: Info): KeystoreInfo {
  return {
    path,
    bytes,
    mac,
    entries: entries.map(presentEntry),
    generations: generations.map((generation) => ({
      path: generation.path,
      changedAt: instantOrNull(parseEpochMs(Math.round(generation.changedAt))),
    })),
  };
}

function presentFinding({ severity, command, ...finding }: Finding): KeystoreFinding {
  return {
    ...finding,
    severity: severity === "error" ? severity : "warning",
    command: command ?? null,
  };
}

function presentEntry(entry: Info["entries"][number]): KeystoreEntry {
  const { kind, name, createdAt, encryption, password, algorithm, certificate } = entry;
  return {
    kind,
    name: name ?? null,
    createdAt: instantOrNull(createdAt),
    encryption: encryption ?? null,
    password: password ?? null,
    algorithm: algorithm ?? null,
    certificate: certificate === undefined ? null : {
      ...certificate,
      notBefore: instantOrNull(certificate.notBefore),
      notAfter: instantOrNull(certificate.notAfter),
    },
  };
}
