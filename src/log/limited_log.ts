import type { Log, LogFields } from "../model/log.ts";

/** No more than one line of a kind in this time. */
const EVERY_MS = 1_000;

interface Kind {
  readonly message: string;
  leftOut: number;
  /** What the last one that was left out had to say. */
  fields: LogFields;
  readonly timer: NodeJS.Timeout;
}

/** Warns of what others can bring about as often as they like. */
export class LimitedLog {
  readonly #log: Log;
  readonly #kinds = new Map<string, Kind>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Writes the first line of a kind; of those that follow within a second the last one, with the number
   * of the others as `leftOut`.
   *
   * @param name of the kind, of which there must not be many
   */
  warn(name: string, message: string, fields: LogFields): void {
    const kind = this.#kinds.get(name);
    if (kind !== undefined) {
      kind.fields = fields;
      kind.leftOut++;
      return;
    }
    this.#log.warn(message, fields);
    this.#begin(name, message);
  }

  /** Writes what is still to be said. */
  flush(): void {
    for (const name of [...this.#kinds.keys()]) this.#end(name);
  }

  #begin(name: string, message: string): void {
    const timer = setTimeout(() => this.#end(name) && this.#begin(name, message), EVERY_MS);
    timer.unref();
    this.#kinds.set(name, { message, leftOut: 0, fields: {}, timer });
  }

  /** @returns whether there was anything to say */
  #end(name: string): boolean {
    const kind = this.#kinds.get(name);
    this.#kinds.delete(name);
    clearTimeout(kind?.timer);
    if (kind === undefined || kind.leftOut === 0) return false;
    const { message, fields, leftOut } = kind;
    this.#log.warn(message, { ...fields, leftOut: leftOut === 1 ? undefined : leftOut - 1 });
    return true;
  }
}
