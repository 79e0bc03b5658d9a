import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BenchmarkContext } from "../benchmark.ts";
import { type HttpContender, httpContender, type HttpRow } from "./contender.ts";
import { Generator } from "./generator.ts";
import type { Served } from "./server_process.ts";

/** Where contenders come up; what was started there goes when it does, in reverse order. */
export class Stage implements AsyncDisposable {
  readonly context: BenchmarkContext;
  readonly #generator = new Generator();
  readonly #stack = new AsyncDisposableStack();

  constructor(context: BenchmarkContext) {
    this.context = context;
    this.#stack.defer(() => this.#generator.stop());
  }

  /** Starts a server in a folder of its own. */
  async serve(name: string, start: (folder: string) => Promise<Served>): Promise<Served> {
    this.context.progress(`starting ${name}`);
    const folder = join(this.context.folder, name.replace(/\W+/g, "-"));
    mkdirSync(folder);
    const served = await start(folder);
    this.#stack.defer(() => served.stop());
    return served;
  }

  /** A contender that is asked over its socket. */
  async contender(row: HttpRow): Promise<HttpContender> {
    return await httpContender(this.#generator, row);
  }

  /** Takes over what has to be closed in the end. */
  use<T extends AsyncDisposable>(resource: T): T {
    return this.#stack.use(resource);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
