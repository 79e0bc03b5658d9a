import { type Daemon, startDaemon } from "../../support/daemon.ts";
import { type Server, startServer } from "../../support/server.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/temporary_folder.ts";
import { type Backend, freePort, startBackend } from "./backend.ts";
import type { Proxy } from "./proxy.ts";
import { GROUP, withVerifierGroup } from "./verifier_group.ts";

export interface SiteOptions {
  /** Whether the proxy's user has been made a member of the verifier group. */
  readonly isMember?: boolean;
  readonly daemonArgs?: readonly string[];
  /** What a site changes in the documented configuration. */
  readonly revise?: (config: string) => string;
  /** Something else than a `Backend` of its own, at this port. */
  readonly backendPort?: number;
}

/** A backend behind a proxy that asks a daemon, all as the documentation has it. */
export interface Site extends AsyncDisposable {
  /** The proxy's. */
  readonly port: number;
  readonly socket: string;
  readonly backend: Backend;
  readonly proxy: Server;
  /** What the daemon and the proxy have logged so far. */
  output(): string;
  /** Ends the daemon as systemd does. */
  stopDaemon(): Promise<void>;
  startDaemon(): Promise<void>;
}

export async function openSite(proxy: Proxy, options: SiteOptions = {}): Promise<Site> {
  const { isMember = true, daemonArgs = [], revise } = options;
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder(0o755));
  const wrap = withVerifierGroup(folder, isMember ? [proxy.user] : []);
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const socket = folder.file("apikey.sock");
  const args = ["--verifier-group", GROUP.name, ...daemonArgs];
  const daemons: Daemon[] = [];
  const start = async () => {
    daemons.push(await startDaemon(keystore, socket, args, wrap));
  };
  opened.defer(async () => {
    for (const daemon of daemons) await daemon[Symbol.asyncDispose]();
  });
  await start();
  const backend = opened.use(await startBackend());
  const running = opened.use(
    await runProxy(proxy, folder, wrap, {
      backendPort: options.backendPort ?? backend.port,
      socket,
      revise,
    }),
  );
  const rest = opened.move();
  return {
    port: running.port,
    socket,
    backend,
    proxy: running,
    output: () => [...daemons, running].map((program) => program.output()).join(""),
    async stopDaemon() {
      daemons.at(-1)?.signal("SIGTERM");
      await daemons.at(-1)?.ended;
    },
    startDaemon: start,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

async function runProxy(
  proxy: Proxy,
  { path }: TemporaryFolder,
  wrap: (argv: readonly string[]) => readonly string[],
  { revise, ...places }: {
    readonly backendPort: number;
    readonly socket: string;
    readonly revise: SiteOptions["revise"];
  },
): Promise<Server & { readonly port: number }> {
  const port = await freePort();
  const argv = proxy.prepare({ port, folder: path, ...places }, revise);
  return { ...await startServer(wrap(argv), port), port };
}
