import type { SingleBar } from "cli-progress";
import type { CommandContext } from "./command.ts";

/** What takes less is done before anybody wonders. */
const SHOWN_AFTER_MS = 1_000;
const SHOWN_AGAIN_AFTER_MS = 100;
const BAR_COLUMNS = 30;
/** Of what stands around the bar. */
const TEXT_COLUMNS = 40;

export interface ProgressOptions {
  /** What is being done: `importing`. */
  readonly label: string;
  readonly total: number;
  /** Whether the total is a number that says something to anybody. */
  readonly showsCount: boolean;
  /** Whether a program reads along. */
  readonly asJson: boolean;
}

/**
 * How far something has got, on a terminal at standard error and nowhere else. It is shown once it has
 * taken a second, and leaves no trace.
 */
export class Progress implements Disposable {
  readonly #terminal: NodeJS.WriteStream | undefined;
  readonly #options: ProgressOptions;
  #timer: NodeJS.Timeout | undefined;
  #bar: SingleBar | undefined;
  #total: number;
  #value = 0;
  #isOver = false;

  constructor({ errorTerminal }: CommandContext, options: ProgressOptions) {
    this.#terminal = options.asJson ? undefined : errorTerminal();
    this.#options = options;
    this.#total = options.total;
    this.#showAfter(SHOWN_AFTER_MS);
  }

  advance(value: number, total = this.#total): void {
    this.#value = value;
    this.#total = total;
    this.#bar?.setTotal(total);
    this.#bar?.update(value);
  }

  /** Lets something be written to the terminal that the bar may be on, which is back a moment later. */
  around(write: () => void): void {
    if (this.#hide()) this.#showAfter(SHOWN_AGAIN_AFTER_MS);
    write();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#hide();
  }

  /** @returns whether it was to be seen */
  #hide(): boolean {
    const wasShown = this.#bar !== undefined;
    this.#bar?.stop();
    this.#bar = undefined;
    return wasShown;
  }

  #showAfter(ms: number): void {
    if (this.#terminal === undefined) return;
    // A bar that fails to load is none.
    this.#timer = setTimeout(() => this.#show().catch(() => undefined), ms);
  }

  async #show(): Promise<void> {
    const { default: { SingleBar } } = await import("cli-progress");
    if (this.#isOver || this.#terminal === undefined) return;
    const room = (this.#terminal.columns || 80) - TEXT_COLUMNS;
    const { label, showsCount } = this.#options;
    this.#bar = new SingleBar({
      stream: this.#terminal,
      format: `${label} [{bar}] {percentage}%${showsCount ? " {value}/{total}" : ""}`,
      barsize: Math.max(1, Math.min(BAR_COLUMNS, room)),
      clearOnComplete: true,
      // Whoever is killed meanwhile must not leave a terminal without a cursor, or without wrapping.
      hideCursor: null,
      linewrap: true,
      gracefulExit: false,
    });
    this.#bar.start(this.#total, this.#value);
  }
}
