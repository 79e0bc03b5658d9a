import { type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { systemErrorCode } from "../errors.ts";
import { printable } from "../model/printable.ts";
import { shellWord } from "../model/shell_word.ts";
import type { ConfigurationProblem, ParsedConfiguration } from "./configuration.ts";
import { SETTINGS } from "./setting_table.ts";
import type { System } from "./system.ts";

/** unix(7): `sun_path`, without its terminating zero; macOS has four less. */
const MAX_SOCKET_BYTES = 107;

const GROUPS = [SETTINGS.socketGroup, SETTINGS.adminGroup, SETTINGS.verifierGroup];
/** What goes with the keystore, wherever it is. */
const COMPANIONS = [SETTINGS.passwordFile, SETTINGS.auditLog];

/** What is not as a setting says, and what would make it so. */
export interface Suspicion extends ConfigurationProblem {
  /** Of the finding that it is. */
  readonly code: string;
  /** undefined where the setting itself has to change */
  readonly command: string | undefined;
}

type Reason = Pick<Suspicion, "code" | "text" | "command">;

/** What is right as a text, but hardly on this host: the file may be for another one. */
export function findSuspicions(
  { fields }: ParsedConfiguration,
  system: System,
): Suspicion[] {
  const suspicions: Suspicion[] = [];
  const suspect = (key: string, reasonOf: (text: string) => Reason | undefined) => {
    const field = fields.get(key);
    const reason = field && reasonOf(field.text);
    if (field === undefined || reason === undefined) return;
    const { line, column } = field;
    suspicions.push({ ...reason, line, column, text: `${key}: ${reason.text}` });
  };
  for (const { key } of GROUPS) suspect(key, (name) => suspectGroup(name, system));
  suspect(SETTINGS.keystore.key, (path) => suspectFile(path, ""));
  const keystore = fields.get(SETTINGS.keystore.key)?.text ?? system.defaults.keystore;
  for (const { key } of COMPANIONS) {
    suspect(key, (path) => suspectFile(path, ownerFlags(keystore)));
  }
  suspect(SETTINGS.passwordFile.key, suspectPasswordFile);
  suspect(SETTINGS.socket.key, suspectSocket);
  return suspicions.sort((one, other) => one.line - other.line);
}

function suspectGroup(name: string, { groupId }: System): Reason | undefined {
  if (/^\d+$/.test(name) || groupId(name) !== undefined) return undefined;
  const command = `groupadd --system ${shellWord(name)}`;
  const text = `there is no group ${printable(name)}: ${command}`;
  return { code: "group-missing", text, command };
}

function suspectFile(path: string, flags: string): Reason | undefined {
  const folder = dirname(path);
  if (folder === "." || isThere(folder)) return undefined;
  const command = `install --directory --mode=700 ${flags}${shellWord(folder)}`;
  const text = `there is no folder ${printable(folder)}: ${command}`;
  return { code: "folder-missing", text, command };
}

function suspectPasswordFile(path: string): Reason | undefined {
  if (!isThere(dirname(path)) || isThere(path)) return undefined;
  return {
    code: "password-file-missing",
    text: `there is no ${printable(path)}`,
    command: undefined,
  };
}

function suspectSocket(path: string): Reason | undefined {
  const bytes = Buffer.byteLength(path);
  if (path.startsWith("\\\\") || bytes <= MAX_SOCKET_BYTES) return undefined;
  const text = `the path is ${bytes} bytes long, and a socket's can have ${MAX_SOCKET_BYTES}`;
  return { code: "socket-path-too-long", text, command: undefined };
}

/** A daemon runs as the keystore's owner, and could not write to a folder of root's. */
function ownerFlags(keystore: string): string {
  const facts = factsOf(keystore) ?? factsOf(dirname(keystore));
  if (facts === undefined || facts.uid === 0) return "";
  return `--owner=${facts.uid} --group=${facts.gid} `;
}

/** @returns undefined for what is not there, or not to be seen */
function factsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** What this user may not see may well be there. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return code !== "ENOTDIR";
  }
}
