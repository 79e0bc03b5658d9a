import { type Answer } from "./http.ts";
import { createdKey, createKey, keyEnding, type KeyEndings, revokeKey } from "./keys_api.ts";

interface Account {
  isPresent: boolean;
  /** undefined for a key whose creation was never answered */
  key: string | undefined;
  /** Whether a change was sent and never answered: the alias may be there or not. */
  isOpen: boolean;
}

/**
 * What the answers of a daemon say about some aliases: which of them have to be in the keystore,
 * with which key, and which may be either way because their answer never came.
 */
export class Ledger {
  readonly counts = { creates: 0, revokes: 0, unanswered: 0 };
  readonly #accounts: ReadonlyMap<string, Account>;

  constructor(aliases: readonly string[]) {
    const absent = () => ({ isPresent: false, key: undefined, isOpen: false });
    this.#accounts = new Map(aliases.map((alias) => [alias, absent()]));
  }

  /** Those aliases of which it is known whether they are in the keystore. */
  settled(aliases: readonly string[]): string[] {
    return aliases.filter((alias) => !this.#account(alias).isOpen);
  }

  /** The keys that have to be in the keystore, by alias, as far as they were ever told. */
  present(): Map<string, string | undefined> {
    const present = [...this.#accounts].filter(([, { isPresent }]) => isPresent);
    return new Map(present.map(([alias, { key }]) => [alias, key]));
  }

  /**
   * Creates the key, or revokes the one there is, and notes the answer.
   *
   * @returns false where no daemon listens, so that nothing can have changed
   * @throws Error for an answer that is no acknowledgement
   */
  async toggle(socket: string, alias: string): Promise<boolean> {
    const account = this.#account(alias);
    const { isPresent } = account;
    account.isOpen = true;
    const change = isPresent ? revokeKey : createKey;
    const answer = await change(socket, alias).catch(noAnswer);
    if (answer === "not sent") account.isOpen = false;
    else if (answer.status === 0) this.counts.unanswered++;
    else this.#acknowledge(alias, account, answer);
    return answer !== "not sent";
  }

  /**
   * Compares with what a daemon lists, and takes from there what no answer has told.
   *
   * @returns what is wrong
   */
  settle(listed: KeyEndings): string[] {
    return [...this.#accounts].flatMap(([alias, account]) => {
      const ending = listed.get(alias);
      const wasPresent = account.isPresent;
      const wasOpen = account.isOpen;
      account.isOpen = false;
      account.isPresent = ending !== undefined;
      if (!account.isPresent) account.key = undefined;
      if (account.isPresent !== wasPresent && !wasOpen) {
        return [`${alias}: acknowledged ${wasPresent ? "key lost" : "revocation undone"}`];
      }
      const isOther = account.key !== undefined && keyEnding(account.key) !== ending;
      return isOther ? [`${alias}: another key than the acknowledged one`] : [];
    });
  }

  #acknowledge(alias: string, account: Account, answer: Sent): void {
    const { isPresent } = account;
    if (answer.status !== (isPresent ? 204 : 201)) {
      const change = isPresent ? "revoke" : "create";
      throw new Error(`cannot ${change} ${alias}: ${answer.status} ${answer.body}`);
    }
    this.counts[isPresent ? "revokes" : "creates"]++;
    account.key = isPresent ? undefined : createdKey(answer);
    account.isPresent = !isPresent;
    account.isOpen = false;
  }

  #account(alias: string): Account {
    const account = this.#accounts.get(alias);
    if (account === undefined) throw new TypeError(`no account of ${alias}`);
    return account;
  }
}

type Sent = Pick<Answer, "status" | "body">;

/** A connection that was refused carried nothing; one that broke may have carried the request. */
function noAnswer(error: NodeJS.ErrnoException): "not sent" | Sent {
  const isRefused = error.code === "ECONNREFUSED" || error.code === "ENOENT";
  return isRefused ? "not sent" : { status: 0, body: "" };
}
