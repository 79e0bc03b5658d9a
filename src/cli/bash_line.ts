/** A line as far as the cursor, taken apart as bash does, but for what bash would have to run. */
export interface BashLine {
  /** Without their quotes; the last one is being typed, and may be empty. */
  readonly words: readonly string[];
  /** In which quotes the last one still is. */
  readonly quote: "" | "'" | '"';
  /** How much of the last one stays as it is: bash replaces what follows its last break, or quote. */
  readonly keptLength: number;
  /** Whether the last one is the file of a redirection. */
  readonly isRedirected: boolean;
}

const BLANKS = " \t\n";
const OPERATORS = "|&;()";

/** What a backslash escapes within double quotes. */
const ESCAPABLE = '$`"\\\n';

/**
 * @param breaks COMP_WORDBREAKS
 * @param home for `~/`
 */
export function readBashLine(line: string, breaks: string, home: string): BashLine {
  const reader = new LineReader(breaks, home);
  for (let at = 0; at < line.length; at++) {
    const next = line[at + 1] ?? "";
    if (reader.read(line[at] ?? "", next)) at++;
  }
  return reader.end();
}

class LineReader {
  readonly #breaks: string;
  readonly #home: string;
  readonly #words: string[] = [];
  /** undefined between words */
  #word: string | undefined;
  #quote: BashLine["quote"] = "";
  #keptLength = 0;
  #quotedFrom = 0;
  #isRedirected = false;

  constructor(breaks: string, home: string) {
    this.#breaks = breaks;
    this.#home = home;
  }

  /** @returns whether that was two characters */
  read(character: string, next: string): boolean {
    if (this.#quote !== "") return this.#readQuoted(character, next);
    if (character === "\\") {
      this.#append(next);
      return true;
    }
    if (character === "'" || character === '"') {
      this.#append("");
      this.#quote = character;
      this.#quotedFrom = this.#word?.length ?? 0;
    } else if (BLANKS.includes(character)) this.#endWord();
    else if ("<>".includes(character)) {
      // In `2>` it is no word.
      if (/^\d+$/.test(this.#word ?? "")) this.#word = undefined;
      this.#endWord();
      this.#isRedirected = true;
    } else if (OPERATORS.includes(character)) this.#endWord();
    else if (character === "~" && next === "/" && this.#word === undefined) {
      this.#append(this.#home);
    } else {
      this.#append(character);
      if (this.#breaks.includes(character)) this.#keptLength = this.#word?.length ?? 0;
    }
    return false;
  }

  end(): BashLine {
    return {
      words: [...this.#words, this.#word ?? ""],
      quote: this.#quote,
      keptLength: this.#quote === "" ? this.#keptLength : this.#quotedFrom,
      isRedirected: this.#isRedirected,
    };
  }

  #readQuoted(character: string, next: string): boolean {
    if (character === this.#quote) {
      this.#quote = "";
      return false;
    }
    const isEscape = character === "\\" && this.#quote === '"' && next !== "" &&
      ESCAPABLE.includes(next);
    this.#append(isEscape ? next : character);
    return isEscape;
  }

  #append(text: string): void {
    this.#word = (this.#word ?? "") + text;
  }

  #endWord(): void {
    if (this.#word === undefined) return;
    if (!this.#isRedirected) this.#words.push(this.#word);
    this.#word = undefined;
    this.#isRedirected = false;
    this.#keptLength = 0;
  }
}

/**
 * Text that bash reads as itself, from within these quotes on. An exclamation mark would be history
 * within double quotes, even after a backslash.
 */
export function escapeForBash(text: string, quote: BashLine["quote"]): string {
  if (quote === "'") return text.replaceAll("'", "'\\''");
  if (quote === '"') return text.replace(/[$`"\\]/g, "\\$&").replaceAll("!", '"\\!"');
  return text.replace(/[^\w./:=@%+,\-\u0080-\u{10ffff}]/gu, "\\$&");
}
