import { AppError, systemErrorCode } from "../errors.ts";
import { printable } from "../model/printable.ts";
import type { Application, Applied } from "./application.ts";
import type { Plan } from "./apply_plan.ts";
import type { Outcome } from "./carry_out.ts";

const INTERRUPTED = new AppError("ERR_INTERRUPTED", "interrupted");

/** Keys that nobody has seen help nobody: they are taken back. */
export async function undelivered(error: unknown, application: Application): Promise<unknown> {
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  const text = `cannot write to standard output (${code})${await takeBack(application)}`;
  return new AppError("ERR_OUTPUT", text, { cause: error });
}

/** @returns what to say of it */
async function takeBack(application: Application): Promise<string> {
  const { revoked, left } = await application.takeBack();
  const { unseen } = application;
  const texts = [
    ...(revoked.length === 0
      ? []
      : [`new keys that nobody has seen have been revoked again: ${listed(revoked)}`]),
    ...(left.length === 0 ? [] : [`revoke later what nobody has seen: ${listed(left)}`]),
    ...(unseen.length === 0 ? [] : [`${MAY_BE_MADE}: ${listed(unseen, MAX_NAMED)}`]),
  ];
  return texts.map((text) => `; ${text}`).join("");
}

const MAY_BE_MADE =
  "these may have been made without anybody having the key: revoke them, or rotate";
const MAX_NAMED = 5;

function listed(aliases: readonly string[], maxNamed = Infinity): string {
  const names = aliases.slice(0, maxNamed).map((alias) => `'${printable(alias)}'`).join(", ");
  return aliases.length > maxNamed ? `${names} and ${aliases.length - maxNamed} more` : names;
}

/** @throws the first failure or that not all was begun, saying how far things have got */
export async function throwFirst(
  { actions }: Plan,
  outcomes: readonly (Outcome<Applied> | undefined)[],
  application: Application,
): Promise<void> {
  const failed = outcomes.find((outcome) => outcome?.status === "failed");
  const isOver = failed === undefined && !outcomes.includes(undefined);
  if (isOver) return;
  const error = failed?.status === "failed" ? failed.error : INTERRUPTED;
  // One that was made and could not be disabled, say.
  const taken = await takeBack(application);
  if (!(error instanceof AppError)) throw error;
  const done = outcomes.filter((outcome) => outcome?.status === "done").length;
  const text =
    `${error.message.replace(/\.$/, "")}${taken}; ${done} of ${actions.length} changes ` +
    "have been made: apply again for the others";
  throw new AppError(error.code, text, { cause: error });
}
