import { Buffer } from "node:buffer";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import * as assert from "uvu/assert";
import { apikey } from "../support/execute.ts";
import { withoutRandom } from "./calls.ts";
import { AUDIT_NAMES, copyFixture, KEYSTORE_NAME } from "../support/temporary_folder.ts";

/** Where a keystore is, and who can get there. */
export interface Place {
  /** Its folder, as the program under test sees it. */
  readonly folder: string;
  /** The same, as the test sees it. */
  readonly outside: string;
  /** The command line that runs another one where the folder is. */
  enter(argv: readonly string[]): readonly string[];
}

/** A place in the test's own file system. */
export function placeAt(folder: string): Place {
  mkdirSync(folder, { recursive: true });
  return { folder, outside: folder, enter: (argv) => argv };
}

/** Whether daemons run inside the service's unit: see test/systemd. */
export const IS_CONFINED = process.env["TEST_CONFINED"] === "1";

/**
 * Whose a keystore is: not the daemon's, unless that runs without the capabilities of root, as it then
 * is let near nobody's but its own.
 */
const OWNER: readonly [uid: number, gid: number] = IS_CONFINED ? [0, 0] : [1000, 1001];

/**
 * Makes a keystore that has been changed before, of another user and with another mode than root's.
 *
 * @returns its path
 */
export async function makeKeystore(folder: string): Promise<string> {
  const keystore = copyFixture("jdk17-metricshub.p12", join(folder, KEYSTORE_NAME));
  chownSync(keystore, ...OWNER);
  chmodSync(keystore, 0o640);
  for (const command of [["create", "a"], ["revoke", "a"], ["create", "b"], ["revoke", "b"]]) {
    const { status, stderr } = await apikey([...command, "--keystore", keystore]);
    assert.is(status, 0, stderr);
  }
  const { uid, gid, mode } = lstatSync(keystore);
  assert.equal([uid, gid, mode & 0o7777], [...OWNER, 0o640], "owner and mode");
  return keystore;
}

export interface SavedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export function saveFolder(folder: string): SavedFile[] {
  return readdirSync(folder).map((name) => {
    const path = join(folder, name);
    const { mode, uid, gid } = lstatSync(path);
    return { name, bytes: readFileSync(path), mode: mode & 0o7777, uid, gid };
  });
}

/** All that the next command could tell one folder from another by, other than who came before. */
export function describeFolder(folder: string): string {
  const files = existsSync(folder) ? saveFolder(folder) : undefined;
  return JSON.stringify(
    files?.map(({ name, bytes, ...access }) => {
      const text = Buffer.from(bytes).toString("latin1");
      return { ...access, name: withoutRandom(name), text: text.replace(/"pid":\d+/, "") };
    }) ?? null,
  );
}

/** Makes a folder what it was, of new files throughout; one that is locked stays as it is. */
export function restoreFolder(folder: string, files: readonly SavedFile[], locked?: string): void {
  const isFree = (name: string) => name !== locked;
  for (const name of readdirSync(folder).filter(isFree)) {
    rmSync(join(folder, name), { recursive: true });
  }
  for (const { name, bytes, mode, uid, gid } of files.filter(({ name }) => isFree(name))) {
    const path = join(folder, name);
    writeFileSync(path, bytes, { flag: "wx", mode: 0o600 });
    chownSync(path, uid, gid);
    chmodSync(path, mode);
  }
}

export const LOCK_NAME = `${KEYSTORE_NAME}.lock`;
export const PASSWORD_NAME = KEYSTORE_NAME.replace(".p12", ".password");

/** Former states of the keystore, kept beside it. */
export const GENERATION = /\.p12\.generation-\d+$/;
export const TEMPORARY = /^\..*\.tmp$/;

/** The names in a folder; none where there is no folder. */
export function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** A folder's files other than those that belong there once nothing is under way. */
export function strays(folder: string): string[] {
  const belong = [KEYSTORE_NAME, LOCK_NAME, PASSWORD_NAME, ...AUDIT_NAMES];
  return namesIn(folder).filter((name) => !belong.includes(name) && !GENERATION.test(name));
}
