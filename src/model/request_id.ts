import { randomBytes } from "node:crypto";

/** Crockford's: no two that look alike. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const PROCESS_CHARACTERS = 8;

/**
 * Names for requests, by which a log is searched: that of the process, and a number. They need not be
 * hard to guess, only different after each start.
 */
export class RequestIds {
  readonly #process: string;
  #count = 0;

  constructor(random: Uint8Array = randomBytes(PROCESS_CHARACTERS)) {
    this.#process = [...random].map((octet) => ALPHABET[octet % ALPHABET.length]).join("");
  }

  next(): string {
    return `${this.#process}-${++this.#count}`;
  }
}

/** One request; its name is made when somebody wants to know it. */
export class TracedRequest {
  readonly #ids: RequestIds;
  #id: string | undefined;
  /** As the route has it, with `:name` for a parameter; undefined as long as nobody has found out. */
  path: string | undefined;
  /** Of the problem that it was answered with. */
  code: string | undefined;

  constructor(ids: RequestIds) {
    this.#ids = ids;
  }

  get id(): string {
    return this.#id ??= this.#ids.next();
  }
}
