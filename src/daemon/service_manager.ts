import type { Platform } from "../platform/platform.ts";

/** The environment. */
type Variables = Readonly<Record<string, string | undefined>>;

/**
 * systemd, as far as a service talks to it: the protocol of sd_notify(3). Where nobody supervises this
 * process there is nobody to tell, and nothing happens.
 */
export class ServiceManager {
  readonly #send: (lines: Readonly<Record<string, string | number>>) => void;
  /** Whether there is somebody to tell. */
  readonly isThere: boolean;
  /** How long systemd waits for a sign of life; undefined where it does not. */
  readonly watchdogMs: number | undefined;

  constructor(
    env: Variables,
    { self, notify }: Pick<Platform, "notify"> & { readonly self: { readonly pid: number } },
  ) {
    const socket = env["NOTIFY_SOCKET"];
    const send = socket !== undefined && /^[/@]/.test(socket) ? notify : undefined;
    this.#send = (lines) => {
      if (socket === undefined || send === undefined) return;
      const text = Object.entries(lines).map(([name, value]) => `${name}=${value}`).join("\n");
      // What a full queue loses is sent again: the next sign of life, the next status.
      send(socket, text);
    };
    this.isThere = send !== undefined;
    this.watchdogMs = this.isThere ? watchdogOf(env, self.pid) : undefined;
  }

  /** Everything is there: requests are answered. */
  ready(status: string): void {
    this.#send({ READY: 1, STATUS: oneLine(status) });
  }

  /** The line that `systemctl status` shows. */
  status(status: string): void {
    this.#send({ STATUS: oneLine(status) });
  }

  /** Until the next {@link ready}. */
  reloading(status: string): void {
    this.#send({ RELOADING: 1, STATUS: oneLine(status) });
  }

  stopping(status: string): void {
    this.#send({ STOPPING: 1, STATUS: oneLine(status) });
  }

  /** The sign of life. */
  alive(): void {
    this.#send({ WATCHDOG: 1 });
  }
}

/** sd_watchdog_enabled(3): that of a process that has started this one is not for this one. */
function watchdogOf(env: Variables, pid: number): number | undefined {
  const { WATCHDOG_USEC: microseconds, WATCHDOG_PID: watched } = env;
  if (watched !== undefined && watched !== String(pid)) return undefined;
  const ms = Number(microseconds) / 1_000;
  return ms > 0 ? ms : undefined;
}

/** A line of its own would be a message of its own. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ");
}
