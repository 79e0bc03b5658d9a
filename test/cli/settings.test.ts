// Where a setting comes from, and whom a configuration file is believed.
import {
  chmodSync,
  chownSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import type { GuardedFileFacts, GuardedFiles } from "../../src/platform/platform.ts";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Variables } from "../../src/cli/effective_setting.ts";
import { daemonSettings, targetSettings } from "../../src/cli/settings.ts";
import type { System } from "../../src/cli/system.ts";
import { failure } from "../support/open_keystore.ts";
import { requiring } from "../support/requirements.ts";
import { BARE_SYSTEM } from "../support/run_command.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary_folder.ts";

interface Case {
  readonly flags?: Readonly<Record<string, string>>;
  readonly env?: Variables;
  readonly system?: Partial<System>;
}

function target(folder: TemporaryFolder, options: Case = {}) {
  return targetSettings(...sources(folder, options));
}

function daemon(folder: TemporaryFolder, options: Case = {}) {
  return daemonSettings(...sources(folder, options));
}

function sources(folder: TemporaryFolder, { flags = {}, env = {}, system = {} }: Case) {
  const args = {
    positionals: [],
    value: (name: string) => flags[name],
    values: () => undefined,
    isSet: (name: string) => name in flags,
  };
  const defaults = { ...BARE_SYSTEM.defaults, configuration: folder.file("apikey.yaml") };
  return [args, { env, system: { ...BARE_SYSTEM, defaults, ...system } }] as const;
}

function hostSays(folder: TemporaryFolder, text: string): string {
  const path = folder.file("apikey.yaml");
  writeFileSync(path, text, { mode: 0o644 });
  return path;
}

const ORDINARY = { uid: 1000 };

test("without a file everything has its default", async () => {
  using folder = temporaryFolder();
  const { generations, logLevel, limits, configured, auditLog } = await daemon(folder);
  assert.equal([generations, logLevel, auditLog], [3, "info", undefined]);
  assert.equal(limits.verifiers, { connections: 512, requestsPerSecond: 20_000 });
  assert.equal(limits.anyone, { connections: 16, requestsPerSecond: 2_000 });
  assert.equal(configured, { keystore: undefined, socket: undefined });
  assert.is((await target(folder)).generations, 3);
});

test("a flag outweighs a variable, and that the file", async () => {
  using folder = temporaryFolder();
  hostSays(folder, "generations: 7\nadminGroup: ops\nlogLevel: debug\n");
  const env = { APIKEY_GENERATIONS: "8", APIKEY_ADMIN_GROUP: "" };
  const flags = { generations: "9" };
  assert.is((await daemon(folder)).generations, 7);
  assert.is((await daemon(folder, { env })).generations, 8);
  assert.is((await daemon(folder, { env, flags })).generations, 9);
  const { adminGroup, logLevel } = await daemon(folder, { env, flags });
  assert.equal([adminGroup, logLevel], ["ops", "debug"]);
  await failure("ERR_USAGE", () => daemon(folder, { env: { APIKEY_LOG_LEVEL: "loud" } }));
});

test("what the file has of one limit leaves the others as they are", async () => {
  using folder = temporaryFolder();
  hostSays(folder, "limits:\n  anyone:\n    connections: 4\n");
  const { limits } = await daemon(folder);
  assert.equal(limits.anyone, { connections: 4, requestsPerSecond: 2_000 });
});

test("settings are read anew each time, and a mistake then is one line", async () => {
  using folder = temporaryFolder();
  const path = hostSays(folder, "generations: 7\n");
  assert.is((await daemon(folder)).generations, 7);
  hostSays(folder, "generations: 8\n");
  assert.is((await daemon(folder)).generations, 8);
  hostSays(folder, "generations: 8\n\ngeneration: 9\n");
  const message = await failure("ERR_CONFIGURATION", () => daemon(folder));
  assert.ok(message.startsWith(`${path}:3:1: generation: unknown field`), message);
  rmSync(path);
  assert.is((await daemon(folder)).generations, 3);
});

test("keystore and socket of the file are in the place of the defaults", async () => {
  using folder = temporaryFolder();
  hostSays(folder, "keystore: /srv/keys.p12\nsocket: /run/keys.sock\n");
  const configured = { keystore: "/srv/keys.p12", socket: "/run/keys.sock" };
  const settings = await target(folder);
  assert.equal([settings.keystore, settings.socket], [undefined, undefined]);
  assert.equal(settings.configured, configured);
  assert.equal((await daemon(folder)).configured, configured);
});

test("the host's file has no say in work on another keystore, and has on its own", async () => {
  using folder = temporaryFolder();
  const own = folder.file("own.p12");
  writeFileSync(own, "");
  symlinkSync(own, folder.file("link.p12"));
  const path = hostSays(folder, `keystore: ${own}\npasswordFile: /p\nauditLog: journal\n`);
  const other = { keystore: folder.file("other.p12") };
  const told = async (options: Case) => {
    const { passwordFile, auditLog } = await target(folder, options);
    return [passwordFile, auditLog];
  };
  assert.equal(await told({ flags: other }), [undefined, undefined]);
  assert.equal(await told({ env: { APIKEY_KEYSTORE: other.keystore } }), [undefined, undefined]);
  assert.equal(await told({ flags: { ...other, config: path } }), ["/p", "journal"]);
  assert.equal(await told({ flags: { keystore: own } }), ["/p", "journal"]);
  assert.equal(await told({ flags: { keystore: folder.file("link.p12") } }), ["/p", "journal"]);
  assert.equal(await told({}), ["/p", "journal"]);
  assert.equal(await told({ flags: { ...other, "audit-log": "none" } }), [undefined, "none"]);
  const served = await daemon(folder, { flags: other });
  assert.equal([served.passwordFile, served.auditLog], ["/p", "journal"]);
});

test("whoever cannot mend the host's file works on a keystore of their own without", async () => {
  using folder = temporaryFolder();
  hostSays(folder, "generation: 7\n");
  const self = process.getuid?.() ?? 0;
  // In a user namespace root is an ordinary user.
  const system = { uid: self, isConfined: true };
  const flags = { keystore: "/own.p12" };
  assert.is((await target(folder, { flags, system })).generations, 3);
  const socket = { socket: "/own.sock" };
  assert.is((await target(folder, { flags: socket, system })).generations, 3);
  await failure("ERR_CONFIGURATION", () => target(folder, { system }));
  await failure("ERR_CONFIGURATION", () => daemon(folder, { flags, system }));
  const config = folder.file("apikey.yaml");
  await failure("ERR_CONFIGURATION", () => target(folder, { flags: { ...flags, config }, system }));
});

test("a file that is named has to be there", async () => {
  using folder = temporaryFolder();
  const config = folder.file("other.yaml");
  await failure("ERR_CONFIGURATION", () => target(folder, { flags: { config } }));
  await failure("ERR_CONFIGURATION", () => target(folder, { env: { APIKEY_CONFIG: config } }));
  hostSays(folder, "generations: 7\n");
  writeFileSync(config, "generations: 8\n");
  chmodSync(config, 0o644);
  assert.is((await target(folder, { env: { APIKEY_CONFIG: config } })).generations, 8);
  assert.is((await target(folder, { env: { APIKEY_CONFIG: "" } })).generations, 7);
});

test("what is no file, or too large, is refused", async () => {
  using folder = temporaryFolder();
  const path = hostSays(folder, `# ${"x".repeat(65_536)}\n`);
  await failure("ERR_CONFIGURATION", () => target(folder));
  rmSync(path);
  mkdirSync(path);
  await failure("ERR_CONFIGURATION", () => target(folder));
  await failure("ERR_CONFIGURATION", () => target(folder, { flags: { config: path } }));
});

/** Who may have written it, and whether that is enough. */
const WRITERS: readonly (readonly [
  what: string,
  alter: (folder: TemporaryFolder, path: string) => void,
  message: RegExp,
])[] = [
  ["its group", (_, path) => chmodSync(path, 0o664), /others can write to it: chmod go-w /],
  ["everybody", (_, path) => chmodSync(path, 0o646), /others can write to it: chmod go-w /],
  ["its folder's group", ({ path }) => chmodSync(path, 0o770), /to its folder .*chmod go-w /],
];

for (const [what, alter, message] of WRITERS) {
  test(`the host's file is not believed when ${what} can have written it`, async () => {
    using folder = temporaryFolder();
    const path = hostSays(folder, "generations: 7\n");
    alter(folder, path);
    assert.match(await failure("ERR_CONFIGURATION", () => target(folder)), message);
    const guarded = { guardedFiles: guardedFiles({ uid: 0, mode: 0o1602 }, 0o600) };
    assert.is((await target(folder, { system: guarded })).generations, 7);
  });
}

/** Where access control lists say who may do what with folders and files. */
function guardedFiles(folder: GuardedFileFacts, fileMode: number, fileUid = 0): GuardedFiles {
  return {
    create() {
      throw new Error("nothing is to be created");
    },
    createFolder: () => undefined,
    inspect(path) {
      return statSync(path).isDirectory() ? folder : { uid: fileUid, mode: fileMode };
    },
    privateRemedy: (path) => `mend ${path}`,
  };
}

for (
  const [what, guarded] of [
    ["the file is another user's", guardedFiles({ uid: 0, mode: 0o600 }, 0o600, 77)],
    ["others can write the file", guardedFiles({ uid: 0, mode: 0o600 }, 0o602)],
    ["the folder is another user's", guardedFiles({ uid: 77, mode: 0o600 }, 0o600)],
    ["others can replace it", guardedFiles({ uid: 0, mode: 0o602 }, 0o600)],
  ] as const
) {
  test(`nor where an access control list says that ${what}`, async () => {
    using folder = temporaryFolder();
    hostSays(folder, "generations: 7\n");
    const failing = () => target(folder, { system: { guardedFiles: guarded } });
    assert.match(await failure("ERR_CONFIGURATION", failing), /: mend \//);
  });
}

const rootTest = requiring(test, "root");

rootTest("root, who can mend it, is told of it, as it may say where to record this", async () => {
  using folder = temporaryFolder();
  hostSays(folder, "generation: 7\n");
  for (const flags of [{ keystore: "/own.p12" }, { socket: "/own.sock" }]) {
    await failure("ERR_CONFIGURATION", () => target(folder, { flags, system: { uid: 0 } }));
  }
});

rootTest("nor when another user owns it, or its folder", async () => {
  using folder = temporaryFolder(0o755);
  const path = hostSays(folder, "generations: 7\n");
  assert.is((await target(folder, { system: ORDINARY })).generations, 7);
  chownSync(path, 1001, 1001);
  const message = await failure("ERR_CONFIGURATION", () => target(folder));
  assert.match(message, /belongs to uid 1001.*chown root /);
  await failure("ERR_CONFIGURATION", () => target(folder, { system: ORDINARY }));
  chownSync(path, 1000, 1000);
  assert.is((await target(folder, { system: ORDINARY })).generations, 7);
  await failure("ERR_CONFIGURATION", () => target(folder));
  chownSync(path, 0, 0);
  chownSync(folder.path, 1001, 1001);
  await failure("ERR_CONFIGURATION", () => target(folder));
});

rootTest(
  "a file that is named is for an ordinary user to answer for, and not for root",
  async () => {
    using folder = temporaryFolder(0o755);
    const config = folder.file("named.yaml");
    writeFileSync(config, "generations: 8\n");
    chmodSync(config, 0o666);
    const flags = { config };
    assert.is((await target(folder, { flags, system: ORDINARY })).generations, 8);
    await failure("ERR_CONFIGURATION", () => target(folder, { flags, system: { uid: 0 } }));
  },
);

test.run();
