import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The part of Node's `process` that says where things are; Deno has the same. */
export interface PathsProcess {
  readonly platform: string;
  readonly execPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const KEYSTORE_NAME = "metricshub-keystore.p12";

/** An installed MetricsHub's keystore is in `security` beside the `bin` of this executable. */
export function defaultKeystore({ platform, execPath, env }: PathsProcess): string {
  const folder = executableFolder(execPath);
  const security = folder && join(dirname(folder), "security");
  if (security && basename(folder) === "bin" && existsSync(security)) {
    return join(security, KEYSTORE_NAME);
  }
  return join(stateFolder({ platform, env }), "security", KEYSTORE_NAME);
}

/** Not in MetricsHub's own `config` folder: its agent takes every YAML file in there for its own. */
export function defaultConfiguration({ platform, env }: PathsProcess): string {
  return join(platform === "win32" ? programData(env) : "/etc/metricshub", "apikey.yaml");
}

export function defaultSocket({ platform }: Pick<PathsProcess, "platform">): string {
  if (platform === "win32") return ADMINISTRATORS_PIPE;
  // macOS has no /run, and its root is read-only.
  return platform === "darwin" ? "/var/run/metricshub/apikey.sock" : "/run/metricshub/apikey.sock";
}

/** Windows lets only administrators make a pipe with this prefix. */
const ADMINISTRATORS_PIPE = "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\metricshub-apikey";

function stateFolder({ platform, env }: Pick<PathsProcess, "platform" | "env">): string {
  if (platform === "win32") return programData(env);
  return platform === "darwin" ? "/Library/Application Support/MetricsHub" : "/var/lib/metricshub";
}

function programData(env: PathsProcess["env"]): string {
  return join(env["ProgramData"] ?? "C:\\ProgramData", "MetricsHub");
}

/** @returns undefined where the system does not tell, as without /proc */
function executableFolder(execPath: string): string | undefined {
  try {
    return dirname(realpathSync(execPath));
  } catch {
    return undefined;
  }
}
