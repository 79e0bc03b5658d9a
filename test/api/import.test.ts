import { test } from "uvu";
import * as assert from "uvu/assert";
import { importRoutes } from "../../src/api/import.ts";
import { callLocally } from "../../src/api/local.ts";
import { IMPORT_CHECK_PATH, IMPORT_PATH } from "../../src/protocol/import.ts";
import { NO_AUDIT } from "../../src/service/audit.ts";
import type {
  GivenKey,
  ImportOptions,
  ImportService,
  ImportSource,
} from "../../src/service/import.ts";

const KEY = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
const ROOT = { uid: 0, gid: 0, groups: [], pid: 1 };
const POLICY = { adminUids: [0], adminGids: [], verifierGids: [] };

interface Asked {
  readonly source?: ImportSource;
  readonly keys?: readonly GivenKey[];
  readonly options: ImportOptions;
}

async function ask(body: unknown, path = IMPORT_PATH) {
  const asked: Asked[] = [];
  const service = {
    importKeystore(source: ImportSource, options: ImportOptions) {
      asked.push({ source, options });
      return Promise.resolve({ total: 7, keys: [], otherEntries: 2, isPartial: true });
    },
    importKeys(keys: readonly GivenKey[], options: ImportOptions) {
      asked.push({ keys, options });
      return Promise.resolve(keys.map(({ alias }) => ({ alias, outcome: "created" })));
    },
  } as unknown as ImportService;
  const log = (error: unknown) => {
    throw error;
  };
  const peerProcess = () => undefined;
  const api = { routes: importRoutes(service), policy: POLICY, audit: NO_AUDIT, peerProcess, log };
  const reply = await callLocally(api, ROOT, "POST", path, body);
  return { ...reply, asked };
}

test("asks for part of a keystore, or all that fits", async () => {
  const all = await ask({ pkcs12: "AAEC" });
  assert.equal([all.status, all.body], [
    200,
    { total: 7, keys: [], otherEntries: 2, partial: true },
  ]);
  const [{ source, options } = { source: undefined, options: undefined }] = all.asked;
  assert.equal([...source?.bytes ?? []], [0, 1, 2]);
  assert.equal([source?.password, source?.offset, source?.limit], [undefined, 0, 5_000]);
  assert.equal(options, { onConflict: "refuse", dryRun: false });
  const body = { pkcs12: "", password: "p", offset: 5, limit: 2, onConflict: "skip" };
  const [part] = (await ask(body, IMPORT_CHECK_PATH)).asked;
  assert.equal([part?.source?.password?.reveal(), part?.source?.offset, part?.source?.limit], [
    ...["p", 5, 2],
  ]);
  assert.equal(part?.options, { onConflict: "skip", dryRun: true });
});

test("takes all that is said of a key", async () => {
  const fields = { expiresOn: "2020-01-01T00:00", owner: "ops", scopes: ["a"], disabled: true };
  const { status, asked } = await ask({ keys: [{ alias: "A", key: KEY, ...fields }] });
  assert.is(status, 200);
  const [given] = asked[0]?.keys ?? [];
  assert.equal([given?.alias, given?.secret.reveal(), given?.expiry?.expiresOn], [
    ...["a", KEY, "2020-01-01T00:00:00"],
  ]);
  assert.equal([given?.metadata?.owner, given?.isDisabled], ["ops", true]);
});

const A = { alias: "a", key: KEY };

/** Bodies that are refused. */
const REFUSED: readonly (readonly [string, unknown])[] = [
  ["ERR_INVALID_REQUEST", {}],
  ["ERR_INVALID_REQUEST", { pkcs12: "", keys: [] }],
  ["ERR_INVALID_REQUEST", { keys: [], limit: 1 }],
  ["ERR_INVALID_REQUEST", { pkcs12: "", limit: 0 }],
  ["ERR_INVALID_REQUEST", { pkcs12: "", limit: 5_001 }],
  ["ERR_INVALID_REQUEST", { pkcs12: "", offset: 0.5 }],
  ["ERR_INVALID_REQUEST", { pkcs12: "", onConflict: "merge" }],
  ["ERR_INVALID_REQUEST", { keys: [A, { alias: "A", key: KEY.replace("e", "f") }] }],
  ["ERR_INVALID_REQUEST", { keys: [A, { ...A, alias: "b" }] }],
  ["ERR_INVALID_REQUEST", { keys: [{ ...A, key: KEY.toUpperCase() }] }],
  ["ERR_INVALID_REQUEST", { keys: [{ ...A, key: `${KEY}__2051-01-01T00:00` }] }],
  ["ERR_INVALID_REQUEST", { keys: [{ ...A, expiresOn: "soon" }] }],
  ["ERR_INVALID_REQUEST", { keys: [{ ...A, scopes: ["a b"] }] }],
  ["ERR_INVALID_REQUEST", { keys: [{ ...A, secret: KEY }] }],
  ["ERR_INVALID_REQUEST", { keys: Array(5_001).fill(A) }],
  ["ERR_INVALID_ALIAS", { keys: [{ ...A, alias: ".." }] }],
];

for (const [code, body] of REFUSED) {
  test(`refuses ${JSON.stringify(body).slice(0, 90)} without quoting a key`, async () => {
    const { body: problem, asked } = await ask(body);
    assert.equal([(problem as { code: string }).code, asked], [code, []]);
    assert.not.match(JSON.stringify(problem).toLowerCase(), "eb47");
  });
}

test.run();
