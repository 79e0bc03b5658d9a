import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { nodePath, ROOT } from "../../scripts/runtimes.ts";
import { COMMAND } from "./command.ts";

/**
 * The executable under test as a Debian package, made in some seconds.
 *
 * @param folder where nothing else is
 * @param version what it is called: a newer one for an upgrade; the executable says what it always says
 * @returns its path
 */
export function makeDeb(folder: string, version?: string): string {
  const script = join(ROOT, "scripts", "package.ts");
  const argv = ["--only", "deb", "--target", `linux-${process.arch}`, "--quick", "--out", folder];
  const called = version === undefined ? [] : ["--version", version];
  execFileSync(nodePath(), [script, ...argv, ...called, "--executable", COMMAND[0]]);
  const [name = ""] = readdirSync(folder);
  return join(folder, name);
}
