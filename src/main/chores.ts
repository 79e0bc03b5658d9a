import type { KeyService } from "../service/keys.ts";
import type { Audit } from "../service/audit.ts";
import type { UsageService } from "../service/usage.ts";
import type { KeystoreWatch } from "../service/keystore_watch.ts";
import { AppError } from "../errors.ts";
import type { Host } from "./host.ts";
import { repeat } from "./repeat.ts";

/** Keys that have been rotated are refused in any case when their time is over. */
const TIDY_EVERY_MS = 5_000;

const WATCH_EVERY_MS = 1_000;

/** How much of what keys were used for a crash may cost. */
const FLUSH_EVERY_MS = 60_000;

export interface ChoresOptions {
  readonly host: Host;
  readonly keys: KeyService;
  readonly usage: UsageService;
  readonly audit: Audit;
  readonly watch: KeystoreWatch;
}

/**
 * Does what a daemon does by itself.
 *
 * @returns ends it, and writes what is left to be written
 */
export function startChores({ host, keys, usage, audit, watch }: ChoresOptions) {
  const { platform, log } = host;
  // A keystore that cannot be written is told to whoever wants to.
  const unlessKnown = (error: unknown) => error instanceof AppError || log(error);
  const own = {
    peer: platform.self,
    peerProcess: () => platform.ownProcess(),
    alias: undefined,
  };
  const tidy = async () => {
    if (!await keys.hasRetired()) return;
    await audit.perform({ act: "remove-retired", ...own }, async () => {
      return { result: undefined, done: { aliases: await keys.removeRetired() } };
    });
  };
  const chores = [
    repeat(() => watch.look(), WATCH_EVERY_MS, unlessKnown),
    repeat(tidy, TIDY_EVERY_MS, unlessKnown),
    repeat(() => usage.flush(), FLUSH_EVERY_MS, unlessKnown),
    repeat(() => audit.flush(), FLUSH_EVERY_MS, unlessKnown),
  ];
  return {
    end() {
      for (const end of chores) end();
    },
    async flush() {
      await usage.flush().catch(unlessKnown);
      await audit.flush().catch(unlessKnown);
    },
  };
}
