import { statSync } from "node:fs";
import { dirname } from "node:path";
import { systemErrorCode } from "../errors.ts";
import { printable } from "../model/printable.ts";
import type { ConfigurationProblem, ParsedConfiguration } from "./configuration.ts";
import { SETTINGS } from "./setting_table.ts";
import type { System } from "./system.ts";

/** unix(7): `sun_path`, without its terminating zero; macOS has four less. */
const MAX_SOCKET_BYTES = 107;

const GROUPS = [SETTINGS.socketGroup, SETTINGS.adminGroup, SETTINGS.verifierGroup];
const FILES = [SETTINGS.keystore, SETTINGS.passwordFile, SETTINGS.auditLog];

/** What is right as a text, but hardly on this host: the file may be for another one. */
export function findSuspicions(
  { fields }: ParsedConfiguration,
  system: System,
): ConfigurationProblem[] {
  const suspicions: ConfigurationProblem[] = [];
  const suspect = (key: string, reasonOf: (text: string) => string | undefined) => {
    const field = fields.get(key);
    const reason = field && reasonOf(field.text);
    if (field === undefined || reason === undefined) return;
    const { line, column } = field;
    suspicions.push({ line, column, text: `${key}: ${reason}` });
  };
  for (const { key } of GROUPS) suspect(key, (name) => suspectGroup(name, system));
  for (const { key } of FILES) suspect(key, suspectFile);
  suspect(SETTINGS.passwordFile.key, suspectPasswordFile);
  suspect(SETTINGS.socket.key, suspectSocket);
  return suspicions.sort((one, other) => one.line - other.line);
}

function suspectGroup(name: string, { groupId }: System): string | undefined {
  if (/^\d+$/.test(name) || groupId(name) !== undefined) return undefined;
  return `there is no group ${name}: groupadd --system ${name}`;
}

function suspectFile(path: string): string | undefined {
  const folder = dirname(path);
  if (folder === "." || isThere(folder)) return undefined;
  return `there is no folder ${printable(folder)}: mkdir --parents ${printable(folder)}`;
}

function suspectPasswordFile(path: string): string | undefined {
  if (!isThere(dirname(path)) || isThere(path)) return undefined;
  return `there is no ${printable(path)}`;
}

function suspectSocket(path: string): string | undefined {
  const bytes = Buffer.byteLength(path);
  if (path.startsWith("\\\\") || bytes <= MAX_SOCKET_BYTES) return undefined;
  return `the path is ${bytes} bytes long, and a socket's can have ${MAX_SOCKET_BYTES}`;
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
