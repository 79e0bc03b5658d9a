import { Buffer } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { AUDIT_ENTRY } from "../../src/keystore/audit_entry.ts";
import type { JavaEntry, JavaTool } from "../support/java.ts";
import { BUILT_IN_PASSWORD } from "../interop/fixtures.ts";
import { KEYSTORE_NAME } from "../support/temporary_folder.ts";
import { GENERATION, namesIn, PASSWORD_NAME } from "./place.ts";

/** What is in a keystore's folder, as Java sees it. */
export interface State {
  /** undefined where there is no keystore */
  readonly bytes: Buffer | undefined;
  readonly entries: readonly JavaEntry[];
  /** Permission bits and owner of the keystore. */
  readonly access: string | undefined;
  /** Contents of all keystores that have been seen so far, oldest first. */
  readonly history: readonly Buffer[];
}

/**
 * Reads the state in a folder and asserts that all in it is whole: the keystore opens in Java, the
 * password file holds a password, and what is kept of earlier states is one of them.
 *
 * @param earlier the last state that was read, where there is one
 */
export async function readState(
  tool: JavaTool,
  folder: string,
  earlier?: State,
): Promise<State> {
  const names = namesIn(folder);
  const password = names.includes(PASSWORD_NAME) ? readPassword(folder) : BUILT_IN_PASSWORD;
  const path = join(folder, KEYSTORE_NAME);
  const bytes = names.includes(KEYSTORE_NAME) ? readFileSync(path) : undefined;
  const isSame = bytes !== undefined && earlier?.bytes?.equals(bytes);
  const entries = isSame
    ? earlier?.entries ?? []
    : bytes === undefined
    ? []
    : await tool.dump(path, password);
  const generations = names.filter((name) => GENERATION.test(name))
    .map((name) => readFileSync(join(folder, name)));
  const history = [
    ...(earlier?.history ?? generations),
    ...(bytes === undefined || isSame ? [] : [bytes]),
  ];
  for (const generation of generations) {
    assert.ok(history.some((known) => known.equals(generation)), "a generation is whole");
  }
  return { bytes, entries, access: bytes && describeAccess(path), history };
}

function readPassword(folder: string): string {
  const text = readFileSync(join(folder, PASSWORD_NAME), "latin1");
  assert.match(text, /^[\w-]{32}\n$/, "the password file is whole");
  return text.trimEnd();
}

function describeAccess(path: string): string {
  const { mode, uid, gid } = statSync(path);
  return `0${(mode & 0o7777).toString(8)} ${uid}:${gid}`;
}

/** What was asked for. */
export interface Change {
  readonly kind: "create" | "revoke";
  readonly alias: string;
}

export function isUnchanged(before: State, after: State): boolean {
  if (before.bytes === undefined || after.bytes === undefined) return before.bytes === after.bytes;
  return before.bytes.equals(after.bytes);
}

/**
 * Asserts that the change is in a state, and nothing else: every other entry, the owner and the mode
 * are those from before.
 *
 * @param key the one that was handed out, where one was
 */
export function assertChanged(before: State, after: State, change: Change, key?: string): void {
  const name = `api_key:${change.alias}`;
  const isSigned = before.entries.some((entry) => entry.name === AUDIT_ENTRY);
  const isOther = (entry: JavaEntry) => {
    return entry.name !== name && (isSigned || entry.name !== AUDIT_ENTRY);
  };
  assert.equal(after.entries.filter(isOther), before.entries.filter(isOther), "the other entries");
  const entry = after.entries.find((entry) => entry.name === name);
  assert.is(entry !== undefined, change.kind === "create", `${name} in the keystore`);
  if (entry !== undefined) {
    assert.is(entry.openedWith, "entry");
    const payload = Buffer.from(entry.key ?? "", "hex").toString();
    assert.match(payload, /^[0-9a-f-]{36}$/);
    if (key !== undefined) assert.is(payload, key, "the key that was handed out");
  }
  if (before.access !== undefined) assert.is(after.access, before.access, "owner and mode");
}
