import { AppError, systemErrorCode } from "../errors.ts";
import type { AuditLine } from "../model/audit_chain.ts";
import type { AuditStateDocument } from "../protocol/audit.ts";
import { type OctetSource, octetSources } from "./octet_source.ts";

const LINE_FEED = 0x0a;

/** Longer than any record: what has no end of line is no log. */
const MAX_LINE_OCTETS = 1024 * 1024;

/** The lines of several logs one after the other, and where each is. */
export class AuditLines {
  readonly #sources: readonly OctetSource[];
  /** How many lines the logs before each one have. */
  readonly #starts: { readonly name: string; readonly line: number }[] = [];
  #count = 0;

  /** @param paths `-` for standard input; the oldest first */
  constructor(paths: readonly string[]) {
    const refuse = (error: unknown) => {
      throw error;
    };
    this.#sources = [...octetSources(paths, refuse)];
  }

  /** @throws AppError ERR_FILE, ERR_FORBIDDEN */
  async *read(): AsyncGenerator<AuditLine> {
    for (const { name, pieces } of this.#sources) {
      this.#starts.push({ name, line: this.#count });
      try {
        for await (const line of linesOf(pieces())) {
          this.#count++;
          yield line;
        }
      } catch (error) {
        throw unlessDenied(error);
      }
    }
  }

  /** @param line counted from 1 over all logs */
  place(line: number): { readonly path: string; readonly line: number } {
    const start = this.#starts.findLast((each) => each.line < line) ?? { name: "-", line: 0 };
    return { path: start.name, line: line - start.line };
  }
}

/** The log is its owner's, whoever may ask the daemon. */
function unlessDenied(error: unknown): unknown {
  if (!(error instanceof AppError) || systemErrorCode(error.cause) !== "EACCES") return error;
  return new AppError("ERR_FORBIDDEN", error.message, { cause: error });
}

async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<AuditLine> {
  let rest = Buffer.alloc(0);
  for await (const piece of pieces) {
    const octets = Buffer.concat([rest, piece]);
    let start = 0;
    for (let end; (end = octets.indexOf(LINE_FEED, start)) >= 0; start = end + 1) {
      yield lineOf(octets.subarray(start, end), true);
    }
    rest = octets.subarray(start);
    if (rest.length <= MAX_LINE_OCTETS) continue;
    yield lineOf(rest, false);
    return;
  }
  if (rest.length > 0) yield lineOf(rest, false);
}

/** Two lines that differ in their octets must differ in their text, so that both are not the same. */
function lineOf(octets: Uint8Array, isWhole: boolean): AuditLine {
  try {
    return {
      text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets),
      isWhole,
    };
  } catch {
    return { text: Buffer.from(octets).toString("hex"), isWhole };
  }
}

/**
 * The log that this keystore's records go to.
 *
 * @throws AppError ERR_AUDIT_OFF, and ERR_USAGE for the journal
 */
export function requireLog({ log }: AuditStateDocument, command: string): string {
  if (log === null) throw new AppError("ERR_AUDIT_OFF", "there is no audit log of this keystore");
  if (log !== "journal") return log;
  // Anybody may write there under that name, but not as root.
  const text = "the audit log is in the journal: journalctl _UID=0 --identifier=apikey-audit " +
    `--output=cat | apikey ${command} -`;
  throw new AppError("ERR_USAGE", text);
}
