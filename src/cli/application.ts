import type { ApiClient } from "../client/api_client.ts";
import { AppError, ERRORS } from "../errors.ts";
import { printable } from "../model/printable.ts";
import type { CreatedKey } from "../protocol/keys.ts";
import type { GuardedFiles } from "../platform/platform.ts";
import type { PlannedAction } from "./apply_plan.ts";
import { type NewFile, writeNewFile } from "./files.ts";
import { reserveKeyFile } from "./key_files.ts";

/** What has been done. */
export interface Applied {
  readonly action: PlannedAction;
  /** The new key, where it went into no file. */
  readonly created: CreatedKey | undefined;
}

type Creation = Extract<PlannedAction, { action: "create" }>;
type Replacement = Extract<PlannedAction, { action: "replace" }>;

/** Carries out what has been planned. */
export class Application {
  readonly #client: ApiClient;
  readonly #guardedFiles: GuardedFiles | undefined;
  /** New keys that are nowhere but in this process, by alias. */
  readonly #undelivered = new Map<string, CreatedKey>();
  readonly #unknown = new Set<string>();
  readonly #unseen = new Set<string>();

  /** @param guardedFiles see {@link Platform.guardedFiles} */
  constructor(client: ApiClient, guardedFiles: GuardedFiles | undefined) {
    this.#client = client;
    this.#guardedFiles = guardedFiles;
  }

  /** @throws AppError */
  async carryOut(action: PlannedAction): Promise<Applied> {
    try {
      return { action, created: await this.#do(action) };
    } catch (error) {
      if (await this.#mayBeDone(action, error)) this.#unknown.add(action.alias);
      throw overtaken(error, action);
    }
  }

  /** The aliases of which it is not known whether what was to be done has been. */
  get unknown(): ReadonlySet<string> {
    return this.#unknown;
  }

  /** Those of them that may have a new key that nobody has, and no file that says so. */
  get unseen(): readonly string[] {
    return [...this.#unseen].filter((alias) => this.#unknown.has(alias)).sort(byName);
  }

  /** Somebody has it now. */
  delivered({ created }: Applied): void {
    if (created !== undefined) this.#undelivered.delete(created.alias);
  }

  /** Revokes the keys that nobody has. @returns the aliases of those that are gone, or are not */
  async takeBack(): Promise<{ revoked: string[]; left: string[] }> {
    const [revoked, left]: [string[], string[]] = [[], []];
    for (const [alias, created] of this.#undelivered) {
      await this.#revokeOwn(created).then(
        () => revoked.push(alias),
        (reason) => isOvertaken(reason) || left.push(alias),
      );
    }
    return { revoked, left };
  }

  async #mayBeDone({ action, alias }: PlannedAction, error: unknown): Promise<boolean> {
    if (isRefusal(error)) return false;
    // Whoever did not answer may be at it still.
    if (!(error instanceof AppError) || error.code === "ERR_SOCKET") return true;
    if (action !== "create") return error.code === "ERR_DAEMON_UNREACHABLE";
    return await this.#client.getKey(alias).then(
      () => true,
      (reason) => !(reason instanceof AppError && reason.code === "ERR_ALIAS_UNKNOWN"),
    );
  }

  async #do(action: PlannedAction): Promise<CreatedKey | undefined> {
    const { alias } = action;
    switch (action.action) {
      case "create":
        return await this.#create(action);
      case "change":
        await this.#client.reviseKey(alias, action.revision);
        return undefined;
      case "replace":
        await this.#replace(action);
        return undefined;
      case "revoke":
        await this.#client.revokeKey(alias);
        return undefined;
    }
  }

  async #create(
    { alias, newKey, disabled, outputFile }: Creation,
  ): Promise<CreatedKey | undefined> {
    const file = outputFile === undefined
      ? undefined
      : reserveKeyFile(outputFile, this.#guardedFiles);
    const created = await this.#client.createKey(newKey).catch((error) => {
      // Otherwise there may be a key all the same: its file says that nobody has it.
      if (isRefusal(error)) file?.discard();
      if (file === undefined) this.#unseen.add(alias);
      throw error;
    });
    if (file === undefined) this.#undelivered.set(alias, created);
    if (disabled) await this.#client.reviseKey(alias, { disabled });
    if (file === undefined) return created;
    await this.#writeOrRevoke(created, file);
    return undefined;
  }

  /** @throws AppError where it is left, ERR_PLAN_REFUSED as the alias has another key by now */
  async #revokeOwn({ alias, key }: CreatedKey): Promise<void> {
    const { maskedKey } = await this.#client.getKey(alias);
    if (maskedKey.slice(-SHOWN) !== key.slice(-SHOWN)) {
      throw new AppError("ERR_PLAN_REFUSED", "the alias has another key by now");
    }
    await this.#client.revokeKey(alias);
  }

  async #writeOrRevoke(created: CreatedKey, file: NewFile): Promise<void> {
    try {
      file.write(Buffer.from(`${created.key}\n`, "utf8"));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const outcome = await this.#revokeOwn(created).then(
        () => "it has been revoked again",
        (reason) => describeLeft(reason),
      );
      const text = `${error.message}, so nobody has the key; ${outcome}`;
      throw new AppError(error.code, text, { cause: error });
    }
  }

  /** The file stays until it has a key, whatever happens: it says that nobody has the one there is. */
  async #replace({ alias, revision, outputFile, disabled }: Replacement): Promise<void> {
    const file = reserveKeyFile(outputFile, this.#guardedFiles);
    await this.#client.reviseKey(alias, { ...revision, disabled: false });
    const { key } = await this.#client.rotateKey(alias, { graceSeconds: 0 });
    if (disabled) await this.#client.reviseKey(alias, { disabled });
    try {
      file.write(Buffer.from(`${key}\n`, "utf8"));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      leaveUnfinished(outputFile, this.#guardedFiles);
      const text = `${error.message}, so nobody has the new key`;
      throw new AppError(error.code, text, { cause: error });
    }
  }
}

/** `k9` before `k10`. */
const byName = new Intl.Collator("en", { numeric: true }).compare;

/** How many characters of a masked key are to be seen. */
const SHOWN = 4;

/** Whether somebody else has revoked or replaced it already. */
function isOvertaken({ code }: AppError): boolean {
  return code === "ERR_PLAN_REFUSED" || code === "ERR_ALIAS_UNKNOWN";
}

function describeLeft(reason: unknown): string {
  if (!(reason instanceof AppError)) throw reason;
  if (reason.code === "ERR_PLAN_REFUSED") return `${reason.message}, which is left alone`;
  if (reason.code === "ERR_ALIAS_UNKNOWN") return "somebody else has revoked it meanwhile";
  return `it cannot be revoked either (${reason.message}): revoke it later`;
}

/** An empty file costs no room on a disk that has none; where it is not to be had, that has been said. */
function leaveUnfinished(path: string, guardedFiles: GuardedFiles | undefined): void {
  try {
    writeNewFile(path, new Uint8Array(), guardedFiles);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}

/** Whether it is certain that nothing has been done. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof AppError)) return false;
  // Nobody listens; an answer that makes no sense has no cause.
  if (error.code === "ERR_DAEMON_UNREACHABLE") return error.cause !== undefined;
  return [1, 2, 4].includes(ERRORS[error.code].exitStatus);
}

/** Another administrator may have been there since the plan was made. */
function overtaken(error: unknown, { action, alias }: PlannedAction): unknown {
  if (!(error instanceof AppError)) return error;
  const reason = error.code === "ERR_ALIAS_EXISTS" && action === "create"
    ? "somebody else has made it meanwhile"
    : error.code === "ERR_ALIAS_UNKNOWN"
    ? "somebody else has revoked or renamed it meanwhile"
    : undefined;
  const text = `cannot ${action} '${printable(alias)}': ${reason ?? error.message}`;
  return new AppError(error.code, text, { cause: error });
}
