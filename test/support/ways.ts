import { dirname, join } from "node:path";
import { startDaemon } from "./daemon.ts";
import { apikey, type Outcome } from "./execute.ts";
import { IS_SOURCE } from "./extent.ts";

/** One way for commands to a keystore, open until the end of the block that holds it. */
export interface Way extends AsyncDisposable {
  /** What says which way to go. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs the command under test that way. */
  apikey(...args: readonly string[]): Promise<Outcome>;
}

/** The two ways there are; every command must act alike on both. */
export const WAYS: readonly {
  readonly way: string;
  readonly open: (keystore: string) => Promise<Way>;
}[] = [
  { way: "in process", open: (keystore) => Promise.resolve(inProcess(keystore)) },
  { way: "through a daemon", open: throughDaemon },
];

/**
 * For tests of what commands do, however they get there. On the source a daemon stands for both: it
 * opens the keystore, and a socket besides.
 */
export const TRIED_WAYS = IS_SOURCE ? WAYS.slice(1) : WAYS;

function inProcess(keystore: string): Way {
  const env = { APIKEY_KEYSTORE: keystore };
  return {
    env,
    apikey: (...args) => apikey(args, { env }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function throughDaemon(keystore: string): Promise<Way> {
  const socket = join(dirname(keystore), "apikey.sock");
  const daemon = await startDaemon(keystore, socket);
  const env = { APIKEY_SOCKET: socket };
  return {
    env,
    apikey: (...args) => apikey(args, { env }),
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}
