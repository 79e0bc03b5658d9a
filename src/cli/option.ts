/** One option as it is parsed, explained in `--help` and suggested after a typo. */
export interface OptionSpec {
  readonly name: string;
  /** What stands for its value in `--help`; an option without takes none. */
  readonly value?: string;
  readonly description: string;
  /** All that its value may be, where that is known. */
  readonly choices?: readonly string[];
  /** Whether it may be given several times. */
  readonly isRepeatable?: true;
}

export interface Arguments {
  readonly positionals: readonly string[];
  /** An option's value, exactly as it was typed. */
  value(name: string): string | undefined;
  /** All values of an option that may be given several times; undefined for none. */
  values(name: string): readonly string[] | undefined;
  isSet(name: string): boolean;
}
