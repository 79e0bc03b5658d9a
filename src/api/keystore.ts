import { parseEpochMs } from "../model/instant.ts";
import { Secret } from "../model/secret.ts";
import {
  KEYSTORE_CHECK_PATH,
  KEYSTORE_COPY_PATH,
  KEYSTORE_PATH,
  KEYSTORE_REKEY_PATH,
  KEYSTORE_RESTORE_PATH,
  type KeystoreCheck,
  type KeystoreCopy,
  type KeystoreEntry,
  type KeystoreInfo,
  type Rekeyed,
  rekeySchema,
  type Restored,
  restoreSchema,
} from "../protocol/keystore.ts";
import type { KeystoreInfo as Info, KeystoreService } from "../service/keystore.ts";
import { instantOrNull } from "./instant.ts";
import { parseBody, type Route } from "./route.ts";

/** A file of 64 MiB in base64, and what is around it. */
const MAX_COPY_BYTES = 90 * 1024 * 1024;

/** The routes of the keystore as a whole. */
export function keystoreRoutes(keystore: KeystoreService): Route[] {
  return [
    {
      method: "GET",
      path: KEYSTORE_PATH,
      access: "admin",
      act: "keystore-info",
      recorded: "refusals",
      async respond() {
        return { status: 200, body: present(await keystore.info()) };
      },
    },
    {
      method: "GET",
      path: KEYSTORE_CHECK_PATH,
      access: "admin",
      act: "keystore-check",
      recorded: "refusals",
      async respond() {
        const { findings, ...check } = await keystore.check();
        const body: KeystoreCheck = { ...check, findings: [...findings] };
        return { status: 200, body };
      },
    },
    {
      method: "GET",
      path: KEYSTORE_COPY_PATH,
      access: "admin",
      act: "keystore-copy",
      recorded: "acts",
      async respond() {
        const bytes = Buffer.from(await keystore.copy());
        const body: KeystoreCopy = { pkcs12: bytes.toString("base64") };
        return { status: 200, body };
      },
    },
    {
      method: "POST",
      path: KEYSTORE_RESTORE_PATH,
      access: "admin",
      act: "keystore-restore",
      recorded: "acts",
      maxBodyBytes: MAX_COPY_BYTES,
      async respond(call) {
        const { pkcs12, force } = await parseBody(call, restoreSchema);
        const restored = await keystore.restore(Buffer.from(pkcs12, "base64"), force);
        const body: Restored = { ...restored, keptAt: restored.keptAt ?? null };
        return { status: 200, body };
      },
    },
    {
      method: "POST",
      path: KEYSTORE_REKEY_PATH,
      access: "admin",
      act: "keystore-rekey",
      recorded: "acts",
      async respond(call) {
        const { password, force } = await parseBody(call, rekeySchema);
        const newPassword = password === undefined ? undefined : new Secret(password);
        const { source, path } = await keystore.rekey(newPassword, force);
        const body: Rekeyed = { source, path: path ?? null };
        return { status: 200, body };
      },
    },
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
