/**
 * Just enough of TypeScript's lexical grammar to tell code from comments and strings. esbuild and
 * `deno info` both drop `import type`, and the compiler's own API is not stable.
 */

/** Source text of the same length and lines as the original, with parts of it blanked out. */
export interface Blanked {
  readonly withoutComments: string;
  readonly withoutCommentsAndStrings: string;
}

const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y;
const STRING = /"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'/y;
/** A slash starts a regular expression where no value stands before it. */
const REGEXP =
  /(?<=(?:^|[(,=:[!&|?{};+>]|\breturn)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\//y;
const TEMPLATE_TEXT = /(?:\\[^]|\$(?!\{)|[^`\\$])*/y;

export function blank(source: string): Blanked {
  const comments: string[] = [];
  const both: string[] = [];
  /** Open braces of the code, innermost last: true for a `${`, whose end leads back to its text. */
  const braces: boolean[] = [];
  let at = 0;

  const keep = (text: string, strings = text, code = text) => {
    comments.push(code);
    both.push(strings);
    at += text.length;
  };
  const templateText = () => {
    const text = match(TEMPLATE_TEXT, source, at) ?? "";
    keep(text, hide(text));
    if (source.startsWith("${", at)) {
      keep("${");
      braces.push(true);
    } else keep(source.slice(at, at + 1));
  };

  while (at < source.length) {
    const comment = match(COMMENT, source, at);
    const literal = comment ?? match(STRING, source, at) ?? match(REGEXP, source, at);
    const character = source.charAt(at);
    if (comment !== undefined) keep(comment, hide(comment), hide(comment));
    else if (literal !== undefined) keep(literal, hide(literal));
    else {
      keep(character);
      if (character === "{") braces.push(false);
      if (character === "`" || (character === "}" && braces.pop() === true)) templateText();
    }
  }
  return { withoutComments: comments.join(""), withoutCommentsAndStrings: both.join("") };
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function hide(text: string): string {
  return text.replace(/[^\n]/g, " ");
}
