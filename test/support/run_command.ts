import process from "node:process";
import { run } from "../../src/cli/run.ts";
import type { CommandContext, Interruption } from "../../src/cli/command.ts";
import type { System } from "../../src/cli/system.ts";
import { ApiClient } from "../../src/client/api_client.ts";
import type { ApiRequest, ApiResponse } from "../../src/client/transport.ts";
import type { Key } from "../../src/protocol/keys.ts";

export interface CommandOutcome {
  readonly status: number;
  readonly out: string;
  readonly err: readonly string[];
  readonly requests: readonly ApiRequest[];
}

export interface CommandSetting {
  readonly answer: (request: ApiRequest) => ApiResponse | Promise<ApiResponse>;
  readonly context?: Partial<CommandContext>;
}

/** Nobody wants a command to end. */
export const NEVER_INTERRUPTED: Interruption = {
  signal: new AbortController().signal,
  [Symbol.dispose]: () => undefined,
};

/** A host with nothing on it. */
export const BARE_SYSTEM: System = {
  defaults: {
    configuration: "/nonexistent/apikey.yaml",
    keystore: "/nonexistent/keystore.p12",
    socket: "/nonexistent/apikey.sock",
  },
  uid: process.getuid?.() ?? 0,
  isConfined: false,
  guardedFiles: undefined,
  groupId: () => undefined,
};

/** Runs a command line in this process, against an API that `answer` is. */
export async function runCommand(
  argv: readonly string[],
  { answer, context }: CommandSetting,
): Promise<CommandOutcome> {
  let out = "";
  const err: string[] = [];
  const requests: ApiRequest[] = [];
  const send = (request: ApiRequest) => {
    requests.push(request);
    return Promise.resolve(answer(request));
  };
  const status = await run(argv, {
    version: "1.2.3",
    env: {},
    system: BARE_SYSTEM,
    connect: () => Promise.resolve(new ApiClient({ send })),
    serve: () => Promise.resolve(),
    service: () => Promise.reject(new Error("no services here")),
    examine: () => Promise.resolve([]),
    readSecret: () => Promise.resolve(""),
    print: (text) => out += text,
    terminalColumns: () => undefined,
    elevation: "",
    errorTerminal: () => undefined,
    onInterrupt: () => Promise.resolve(NEVER_INTERRUPTED),
    now: () => Date.parse("2050-01-01T00:00:00Z"),
    complain: (line) => err.push(line),
    log: (error) => err.push(String(error)),
    ...context,
  });
  return { status, out, err, requests };
}

/** A key as the API lists it. */
export function listedKey(alias: string, fields: Partial<Key> = {}): Key {
  return {
    alias,
    maskedKey: "****",
    createdAt: null,
    expiresAt: null,
    expiresOn: null,
    expired: false,
    readable: true,
    disabled: false,
    description: null,
    owner: null,
    scopes: [],
    networks: [],
    supported: true,
    replacedBy: null,
    lastUsedAt: null,
    uses: 0,
    ...fields,
  };
}
