import { join } from "node:path";
import process from "node:process";

const MAIN = join(import.meta.dirname, "..", "..", "src", "main.ts");

/**
 * The program and leading arguments of the command under test: what `npm test` sets, else the
 * source on the runtime that runs the test.
 */
export const COMMAND: readonly [string, ...string[]] = readCommand();

function readCommand(): [string, ...string[]] {
  const given = process.env["APIKEY_TEST_COMMAND"];
  if (given !== undefined) return parseCommand(given);
  if (process.versions["deno"] !== undefined) return [process.execPath, "run", "--allow-all", MAIN];
  return [process.execPath, "--disable-warning=ExperimentalWarning", MAIN];
}

function parseCommand(json: string): [string, ...string[]] {
  const value: unknown = JSON.parse(json);
  const isText = (item: unknown): item is string => typeof item === "string";
  if (Array.isArray(value) && value.every(isText)) {
    const [program, ...args] = value;
    if (program !== undefined) return [program, ...args];
  }
  throw new TypeError("APIKEY_TEST_COMMAND: a JSON array of strings expected");
}
