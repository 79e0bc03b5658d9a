import { readSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { isatty, type ReadStream } from "node:tty";
import { AppError, systemErrorCode } from "../errors.ts";
import { systemErrorReason } from "../system_error.ts";

/** What is longer is no secret that this program knows. */
const MAX_BYTES = 16 * 1024;

const STANDARD_INPUT = 0;
const WAIT_MS = 5;

/**
 * All of standard input; on a terminal one line, which does not show as it is typed.
 *
 * @param stdin made only when asked for, as it costs a command some milliseconds
 * @param prompt goes to the terminal, before the line
 * @throws AppError ERR_USAGE for far too much of it, ERR_FILE for one that cannot be read,
 *   ERR_INTERRUPTED
 */
export async function readSecretText(
  { stdin, ask }: { readonly stdin: () => ReadStream; readonly ask: (prompt: string) => void },
  prompt: string,
): Promise<string> {
  if (!isatty(STANDARD_INPUT)) return await readAll();
  // Whoever waits for the prompt may answer at once: by then nothing must be echoed any more.
  const line = readHiddenLine(stdin());
  ask(prompt);
  try {
    return await line;
  } finally {
    ask("\n");
  }
}

async function readAll(): Promise<string> {
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  let length = 0;
  while (length < bytes.length) {
    const bytesRead = await readSome(bytes.subarray(length));
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  const text = bytes.toString("utf8", 0, length);
  bytes.fill(0);
  if (length <= MAX_BYTES) return text;
  throw new AppError("ERR_USAGE", `there are more than ${MAX_BYTES} bytes on standard input`);
}

/** A pipe may have been made not to wait by whoever has its other end. */
async function readSome(bytes: Uint8Array): Promise<number> {
  for (;;) {
    try {
      return readSync(STANDARD_INPUT, bytes);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === "EOF") return 0; // Windows' way to say so
      if (code === undefined) throw error;
      if (code !== "EAGAIN") {
        const text = `cannot read standard input: ${systemErrorReason(code)}`;
        throw new AppError("ERR_FILE", text, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
  }
}

/**
 * What is typed is echoed to nowhere; an end of input is an empty line.
 *
 * @throws AppError ERR_INTERRUPTED at Ctrl-C
 */
function readHiddenLine(input: ReadStream): Promise<string> {
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output, terminal: true });
  return new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    lines.once("SIGINT", () => reject(new AppError("ERR_INTERRUPTED", "interrupted")));
    lines.once("close", () => resolve(""));
  }).finally(() => lines.close());
}
