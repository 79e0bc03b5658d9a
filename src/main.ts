import { writeSync } from "node:fs";
import process from "node:process";
import packageJson from "../package.json" with { type: "json" };
import { run } from "./cli/run.ts";
import { AppError, systemErrorCode } from "./errors.ts";
import { ERROR_PREFIX } from "./log/journal_format.ts";
import { isJournal } from "./main/standard_error.ts";
import { commandSystem } from "./main/system.ts";
import { pickPlatform } from "./platform/pick_platform.ts";

/*
 * The entry, and with `main/` the composition root: what knows this process, picks its platform and
 * joins the layers. What a command may not need is imported where it turns out to be needed, because
 * start-up is most of a command's time.
 */
const DEFECT_STATUS = 70;

async function main(): Promise<number> {
  const platform = await pickPlatform(process);
  platform.protectMemory();
  const host = {
    platform,
    complain: ({ message }: AppError) => complain(`apikey: ${message}`),
    log: logDefect,
  };
  return await run(process.argv.slice(2), {
    version: packageJson.version,
    elevation: platform.elevation,
    env: process.env,
    system: commandSystem(platform),
    connect: async (settings) => (await import("./main/connect.ts")).connect(host, settings),
    serve: async (readSettings) => (await import("./main/serve.ts")).serve(host, readSettings),
    service: async (settings, configFile) =>
      (await import("./main/open_service.ts")).openService(host, settings, configFile),
    examine: async (settings) => (await import("./main/examine.ts")).examine(host, settings),
    readSecret,
    print: (text) => writeAll(1, text),
    terminalColumns: () => process.stdout.isTTY ? process.stdout.columns : undefined,
    errorTerminal: () => process.stderr.isTTY ? process.stderr : undefined,
    onInterrupt: async () => (await import("./main/interruption.ts")).watchInterruption(),
    now: Date.now,
    complain,
    log: logDefect,
  });
}

/** All of it, or the system's error: what a pipe or a full disk does not take must not get lost. */
function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text, "utf8");
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += writeSync(descriptor, bytes, offset);
    } catch (error) {
      if (systemErrorCode(error) !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

async function readSecret(prompt: string): Promise<string> {
  const { readSecretText } = await import("./platform/standard_input.ts");
  const terminal = { stdin: () => process.stdin, ask: (text: string) => writeAll(2, text) };
  return await readSecretText(terminal, prompt);
}

function complain(line: string): void {
  try {
    // Why a service does not start is an error to whoever reads the journal.
    const prefix = process.argv[2] === "daemon" && isJournal() ? ERROR_PREFIX : "";
    writeAll(2, `${prefix}${line}\n`);
  } catch {
    // Nobody reads standard error; there is nowhere else to say so.
  }
}

/** A command shows the details of a defect to developers who ask, the daemon to everybody. */
function logDefect(error: unknown): void {
  if (process.argv[2] !== "daemon" && !process.env["APIKEY_DEBUG"]) return;
  // What else there is says it in a line.
  if (error instanceof AppError && error.code !== "ERR_INTERNAL") return;
  complain(error instanceof Error ? error.stack ?? error.message : String(error));
}

// Should a promise get lost on the way, an empty event loop must not read as success.
process.exitCode = DEFECT_STATUS;
main().then(
  (status) => process.exit(status),
  (error) => {
    logDefect(error);
    complain("apikey: internal error: a defect in apikey");
    process.exit(DEFECT_STATUS);
  },
);
