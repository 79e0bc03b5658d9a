import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { BUILT_IN_PASSWORD } from "../../../src/keystore/store_password.ts";
import { compileJava, type JavaTool, startJavaTool } from "../../../test/support/java.ts";

type Operation = "create" | "list";

/** What takes longer is not worth the wait. */
export const MAX_RUN_MS = 20_000;

const WARM_UP_CREATES = 100;

/** Java's KeyStore: as a program for each operation, and as one that goes on running. */
export class JavaSide {
  readonly #classes: string;
  readonly #tool: JavaTool;
  readonly #latest = new Map<Operation, { readonly keys: number; readonly ms: number }>();

  private constructor(classes: string, tool: JavaTool) {
    this.#classes = classes;
    this.#tool = tool;
  }

  static async start(): Promise<JavaSide> {
    const classes = await compileJava(new URL("../Upstream.java", import.meta.url));
    return new JavaSide(classes, await startJavaTool());
  }

  /** A program that has been running for long is compiled by now. */
  async warmUp(folder: string): Promise<void> {
    const file = join(folder, "warm-up.p12");
    await this.#tool.create(file, BUILT_IN_PASSWORD);
    for (let i = 0; i < WARM_UP_CREATES; i++) await this.add(file, `k${i}`);
  }

  /** The command line. */
  program(operation: Operation, file: string, ...args: string[]): [string, ...string[]] {
    return ["java", "-cp", this.#classes, "Upstream", operation, file, ...args];
  }

  /** Creates a key by the program that is running already. */
  async add(file: string, alias: string): Promise<void> {
    await this.#tool.add(file, BUILT_IN_PASSWORD, alias, randomUUID());
  }

  /**
   * Whether a run ends within {@link MAX_RUN_MS}: to go by a keystore of at least a tenth of the
   * keys, as the time grows no faster than they do; where that leaves doubts, by trying.
   */
  keepsUp(operation: Operation, keys: number, argv: readonly [string, ...string[]]): boolean {
    const { keys: fewer, ms } = this.#latest.get(operation) ?? { keys: 0, ms: NaN };
    const expectedMs = 10 * fewer >= keys ? ms * keys / fewer : NaN;
    if (expectedMs <= MAX_RUN_MS) return true;
    if (expectedMs > 2 * MAX_RUN_MS) return false;
    const [file, ...args] = argv;
    return spawnSync(file, args, { stdio: "ignore", timeout: MAX_RUN_MS }).status === 0;
  }

  /** Notes how long an operation took, for {@link keepsUp}. */
  took(operation: Operation, keys: number, ms: number): void {
    this.#latest.set(operation, { keys, ms });
  }

  async stop(): Promise<void> {
    await this.#tool.close();
  }
}
