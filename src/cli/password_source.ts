import { AppError } from "../errors.ts";
import { printable } from "../model/printable.ts";
import { readWholeFile } from "./files.ts";

const MAX_PASSWORD_BYTES = 4096;

/** @throws AppError ERR_FILE, ERR_USAGE */
export function readPassword(path: string): string {
  const bytes = readWholeFile(path, MAX_PASSWORD_BYTES);
  const password = Buffer.from(bytes).toString("utf8").replace(/\r?\n$/, "");
  bytes.fill(0);
  if (password !== "") return password;
  throw new AppError("ERR_USAGE", `password file ${printable(path)} is empty`);
}
