import type { Log, LogFields } from "../model/log.ts";
import type { Audit, DoneAct, FailedVerification } from "./audit.ts";
import { type AskedAct, reasonOf } from "./audit_facts.ts";

export interface LoggedAuditDependencies {
  readonly audit: Audit;
  readonly log: Log;
  /** Warns of what others can bring about as often as they like. */
  readonly limited: { warn(kind: string, message: string, fields: LogFields): void };
}

/** An audit log, and in brief the same for whoever reads the daemon's own. */
export class LoggedAudit implements Audit {
  readonly #dependencies: LoggedAuditDependencies;

  constructor(dependencies: LoggedAuditDependencies) {
    this.#dependencies = dependencies;
  }

  get log(): string | undefined {
    return this.#dependencies.audit.log;
  }

  async perform<T>(asked: AskedAct, work: () => Promise<{ result: T; done: DoneAct }>): Promise<T> {
    const { audit, log } = this.#dependencies;
    let aliases: readonly string[] | undefined;
    try {
      const result = await audit.perform(asked, async () => {
        const { result, done } = await work();
        aliases = done.aliases;
        return { result, done };
      });
      log.info("act done", { ...fieldsOf(asked), ...describe(aliases) });
      return result;
    } catch (error) {
      const { outcome, reason } = reasonOf(error);
      log.info(`act ${outcome}`, { ...fieldsOf(asked), reason });
      throw error;
    }
  }

  async refuse(asked: AskedAct, error: unknown): Promise<void> {
    const { reason } = reasonOf(error);
    this.#dependencies.limited.warn(reason, "request refused", { ...fieldsOf(asked), reason });
    await this.#dependencies.audit.refuse(asked, error);
  }

  noteFailure(failure: FailedVerification): void {
    this.#dependencies.audit.noteFailure(failure);
  }

  state() {
    return this.#dependencies.audit.state();
  }

  digest(key: string): Promise<string | undefined> {
    return this.#dependencies.audit.digest(key);
  }

  flush(): Promise<void> {
    return this.#dependencies.audit.flush();
  }

  note(act: string): Promise<void> {
    return this.#dependencies.audit.note(act);
  }
}

function fieldsOf({ act, peer, alias, request }: AskedAct): LogFields {
  return { act, alias, uid: peer?.uid, pid: peer?.pid, requestId: request?.id };
}

/** The audit log has them all. */
const MAX_ALIASES = 8;

/** Those that were found, or the new one. */
function describe(aliases: readonly string[] | undefined): LogFields {
  if (aliases === undefined) return {};
  const isMore = aliases.length > MAX_ALIASES;
  const shown = aliases.slice(0, MAX_ALIASES).join(", ") + (isMore ? ", …" : "");
  return { keys: aliases.length, aliases: shown };
}
