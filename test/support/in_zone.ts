import { join } from "node:path";
import process from "node:process";
import { execute } from "./execute.ts";
import type { Functions } from "./expiry_calls.ts";

const RUNNER = process.versions["deno"] === undefined
  ? ["--disable-warning=ExperimentalWarning"]
  : ["run", "--allow-all"];
const PROGRAM = join(import.meta.dirname, "expiry_calls.ts");

/**
 * Calls one of the functions about expiries once for each list of arguments, on the runtime of the
 * test, in a process of another time zone: that of a running one cannot be relied on to change.
 */
export async function inZone<Name extends keyof Functions>(
  zone: string,
  name: Name,
  argumentLists: readonly Parameters<Functions[Name]>[],
): Promise<ReturnType<Functions[Name]>[]> {
  const calls = JSON.stringify(argumentLists.map((args) => [name, ...args]));
  const argv = [process.execPath, ...RUNNER, PROGRAM, calls];
  const { status, stdout, stderr } = await execute(argv, { env: { TZ: zone } });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
