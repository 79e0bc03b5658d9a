import { AppError } from "../errors.ts";
import type { Arguments } from "./option.ts";

/** @throws AppError ERR_USAGE where no file is named */
export function requireFile({ positionals: [path] }: Arguments): string {
  if (path === undefined || path === "") throw new AppError("ERR_USAGE", "which FILE? name one");
  return path;
}
