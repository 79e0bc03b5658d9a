import { AppError } from "../errors.ts";

/**
 * The one API key on standard input.
 *
 * @throws AppError ERR_USAGE
 */
export async function readKey(readSecret: (prompt: string) => Promise<string>): Promise<string> {
  const key = (await readSecret("API key: ")).trim();
  if (key === "") throw new AppError("ERR_USAGE", "there is no key on standard input");
  // Octets that are no UTF-8 have become U+FFFD; every other one of UTF-16 is a NUL.
  if (/[\0\ufffd]/.test(key)) {
    throw new AppError("ERR_USAGE", "what is on standard input is no UTF-8 text");
  }
  if (!/[\r\n]/.test(key)) return key;
  throw new AppError("ERR_USAGE", "there is more than one line on standard input: give one key");
}
