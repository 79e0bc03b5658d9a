import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fetchRuntime } from "../../../scripts/foreign_runtime.ts";
import { parseTarget } from "../../../scripts/targets.ts";
import type { Box } from "../box.ts";
import { openDebian } from "../debian_box.ts";
import { debianRoot } from "../debian_root.ts";
import { execute, type Outcome } from "../execute.ts";

/** A Windows with apikey.exe, as far as Wine 10 is one. */
export interface WineBox extends AsyncDisposable {
  /** Runs apikey to its end, as an administrator. */
  apikey(...args: readonly string[]): Promise<Outcome>;
  /** The same as somebody who is none. */
  asOrdinary(...args: readonly string[]): Promise<Outcome>;
  /** Runs a program of this folder. */
  tool(name: string, ...args: readonly string[]): Promise<Outcome>;
  /** Runs one of Windows' own programs. */
  run(...argv: readonly string[]): Promise<Outcome>;
  /** Starts a daemon that ends with the box, once it listens. */
  startDaemon(...args: readonly string[]): Promise<void>;
  /** Where the test itself finds a file of drive C. */
  path(windowsPath: string): string;
  /** The same of a file by its path around Wine. */
  unix(path: string): string;
}

/** Where the programs are. */
const PLACE = "/w";

const ENVIRONMENT = {
  HOME: "/root",
  // No dialogues, and nothing to install on the way.
  WINEDLLOVERRIDES: "mscoree,mshtml=",
  WINEDEBUG: "-all",
  XDG_RUNTIME_DIR: "/root",
};

/** Output goes to files: Wine's own server would keep a pipe open for ever. */
const WINE = 'n=$1; shift; wine "$@" </dev/null >/w/$n.out 2>/w/$n.err; ' +
  "s=$?; cat /w/$n.out; cat /w/$n.err >&2; exit $s";

const TIMEOUT_MS = 30_000;
const LIFETIME_MS = 3_600_000;

export async function openWine(): Promise<WineBox> {
  const root = await debianRoot({ suite: "trixie", packages: ["wine", "wine64"] });
  const [box, runtime] = await Promise.all([openDebian({ root }), runtimeOfWindows()]);
  cpSync(import.meta.dirname, box.path(PLACE), { recursive: true });
  cpSync(runtime, box.path(`${PLACE}/node.exe`));
  const wine = wineIn(box);
  await Promise.all([boot(box, wine), build(box.path(`${PLACE}/apikey.exe`))]);
  return wineBox(box, wine);
}

/**
 * The first program has Wine make its Windows, and one that stays keeps that running: with the last
 * program Wine would end all services, and who starts another one meanwhile finds half of them.
 */
async function boot(box: Box, wine: Wine): Promise<void> {
  const hold = "Z:\\w\\hold.ts";
  const argv = ["Z:\\w\\node.exe", "--disable-warning=ExperimentalWarning", hold, hold];
  let failure: string | undefined;
  void wine(...argv, String(LIFETIME_MS)).then(({ stderr }) => failure = stderr);
  const said = box.path(`${PLACE}/0.out`);
  while (!existsSync(said) || !readFileSync(said, "utf8").includes("open")) {
    if (failure !== undefined) throw new Error(`no Wine: ${failure}`);
    await sleep(50);
  }
}

function runtimeOfWindows(): Promise<string> {
  return fetchRuntime(parseTarget("win-x64"));
}

async function build(out: string): Promise<void> {
  const script = join(import.meta.dirname, "../../../scripts/build.ts");
  const argv = [process.execPath, script, "--target", "win-x64", "--out", out];
  const { status, stderr } = await execute(argv);
  if (status !== 0) throw new Error(`no executable: ${stderr}`);
}

type Wine = (...argv: readonly string[]) => Promise<Outcome>;

function wineIn(box: Box): Wine {
  let count = 0;
  return (...argv) => {
    const command = ["sh", "-c", WINE, "sh", `${count++}`, ...argv];
    return box.run(command, { env: ENVIRONMENT });
  };
}

function wineBox(box: Box, wine: Wine): WineBox {
  const tool = (name: string, ...args: readonly string[]) =>
    wine("Z:\\w\\node.exe", "--disable-warning=ExperimentalWarning", `Z:\\w\\${name}`, ...args);
  return {
    apikey: (...args) => wine("Z:\\w\\apikey.exe", ...args),
    async asOrdinary(...args) {
      const outcome = await tool("ordinary.ts", "Z:\\w\\said", "Z:\\w\\apikey.exe", ...args);
      return { ...outcome, stdout: readFileSync(box.path("/w/said"), "utf8") };
    },
    tool,
    run: wine,
    async startDaemon(...args) {
      const ended = wine("Z:\\w\\apikey.exe", "daemon", ...args);
      const deadline = performance.now() + TIMEOUT_MS;
      const isListening = async () =>
        (await wine("Z:\\w\\apikey.exe", "status", "--json"))
          .stdout.includes('"daemon"');
      while (!await isListening()) {
        if (performance.now() < deadline) await sleep(50);
        else throw new Error(`no daemon: ${(await ended).stderr}`);
      }
    },
    unix: (path) => box.path(path),
    path: (windowsPath) => {
      const path = windowsPath.replace(/^C:/i, "").replaceAll("\\", "/");
      return box.path(`/root/.wine/drive_c${path}`);
    },
    [Symbol.asyncDispose]: () => box[Symbol.asyncDispose](),
  };
}
