import { AppError, systemErrorCode } from "../errors.ts";
import { printable } from "../model/printable.ts";
import type { CreatedKey } from "../protocol/keys.ts";
import type { CommandContext } from "./command.ts";
import { type NewFile, reserveFile } from "./files.ts";
import type { Arguments, OptionSpec } from "./option.ts";
import type { CreatedInFile } from "./output_schemas.ts";

export const KEY_OUTPUT_OPTIONS: readonly OptionSpec[] = [
  {
    name: "output-file",
    value: "FILE",
    description: "Write the key to this new file, for its owner's eyes only, and do not show it",
  },
  { name: "quiet", description: "Print the key alone, for pipes" },
];

const STORE_IT = "Please store this key securely, as it will not be shown again.";

/** Where a new key goes, the one time that it can be had. */
export class KeyOutput {
  readonly #print: (text: string) => void;
  readonly #isQuiet: boolean;
  readonly #asJson: boolean;
  readonly #path: string | undefined;
  readonly #file: NewFile | undefined;

  /**
   * Before there is a key: a file that cannot be written must not cost one.
   *
   * @throws AppError ERR_USAGE, ERR_FILE
   */
  constructor(args: Arguments, { print, system }: Pick<CommandContext, "print" | "system">) {
    this.#print = print;
    this.#isQuiet = args.isSet("quiet");
    this.#asJson = args.isSet("json");
    if (this.#isQuiet && this.#asJson) {
      throw new AppError("ERR_USAGE", "--quiet and --json: give one of them");
    }
    this.#path = args.value("output-file");
    this.#file = this.#path === undefined
      ? undefined
      : reserveFile(this.#path, system.guardedFiles);
  }

  /** Whether people read along. */
  get isForPeople(): boolean {
    return !this.#isQuiet && !this.#asJson;
  }

  /** Whether a file has the key, once it has been delivered as far as possible. */
  get hasFile(): boolean {
    return this.#file?.isWritten === true;
  }

  /** There is no key, or none any more. */
  discard(): void {
    this.#file?.discard();
  }

  /**
   * @param did what has been done: `created`, `rotated`
   * @throws AppError ERR_FILE, and the system's error where standard output takes no more; a file has
   *   the key even then
   */
  deliver(created: CreatedKey, did: string): void {
    this.#file?.write(Buffer.from(`${created.key}\n`, "utf8"));
    const text = this.#describe(created, did);
    if (text !== "") this.#print(text);
  }

  #describe(created: CreatedKey, did: string): string {
    const path = this.#path;
    const { key, ...rest } = created;
    if (this.#asJson) {
      const inFile = (outputFile: string): CreatedInFile => ({ ...rest, outputFile });
      return `${JSON.stringify(path === undefined ? created : inFile(path))}\n`;
    }
    if (this.#isQuiet) return path === undefined ? `${printable(key)}\n` : "";
    const what = `API key ${did} for alias '${printable(created.alias)}'`;
    return path === undefined
      ? `${what}: ${printable(key)}\n${STORE_IT}\n`
      : `${what}, in ${printable(path)}\n`;
  }
}

/** Why a key could not be delivered. */
export function undelivered(error: unknown, what: string): string {
  if (error instanceof AppError) return `${error.message}, so nobody has the ${what}`;
  const reason = systemErrorCode(error) ?? "unknown error";
  return `cannot write the ${what} to standard output (${reason})`;
}
