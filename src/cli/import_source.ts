import { isUtf8 } from "node:buffer";
import type { ApiClient } from "../client/api_client.ts";
import { AppError } from "../errors.ts";
import {
  type Imported,
  type ImportedKey,
  type ImportRequest,
  MAX_IMPORTED_KEYS,
} from "../protocol/import.ts";
import { readInput } from "./input.ts";
import { parseKeyCsv } from "./key_csv.ts";

const MAX_BYTES = 64 * 1024 * 1024;

/** Every PKCS#12 file begins with a SEQUENCE; no column has a name that begins with a zero. */
const SEQUENCE = 0x30;

/** Where keys come from. */
export type ImportSource =
  | {
    readonly kind: "keystore";
    readonly pkcs12: string;
    readonly password: string | undefined;
  }
  | { readonly kind: "csv"; readonly keys: readonly ImportedKey[] };

/** @throws AppError ERR_FILE, and without the source's name ERR_USAGE, ERR_IMPORT_REFUSED */
export async function readSource(
  path: string,
  password: string | undefined,
): Promise<ImportSource> {
  const octets = await readInput(path, MAX_BYTES);
  if (octets[0] === SEQUENCE) {
    return { kind: "keystore", pkcs12: Buffer.from(octets).toString("base64"), password };
  }
  if (password !== undefined) {
    throw new AppError("ERR_USAGE", "it is no keystore, which a --source-password-file is for");
  }
  if (!isUtf8(octets)) {
    const text = "it is neither a PKCS#12 keystore nor a CSV file in UTF-8";
    throw new AppError("ERR_IMPORT_REFUSED", text);
  }
  return { kind: "csv", keys: await parseKeyCsv(Buffer.from(octets).toString("utf8")) };
}

/** The answers to all requests so far. */
export type Collected = Pick<Imported, "keys" | "otherEntries" | "partial">;

/** Takes how far things have got, in keys. */
export type OnProgress = (done: number, total: number) => void;

/** How long one request may take: a bar that stands still looks like a program that does. */
const SLICE_MS = 500;
const MIN_SLICE = 20;
const MAX_GROWTH = 4;
/** Each of them takes the whole file with it. */
const MAX_SLICES = 100;

/** Carries keys over slice by slice, so that no request takes long. */
export class Transfer {
  readonly #source: ImportSource;
  readonly #client: ApiClient;
  readonly #onConflict: ImportRequest["onConflict"];
  /** Old keystores cost a hundred times what new ones do, so time tells. */
  #limit = MIN_SLICE;

  constructor(
    source: ImportSource,
    client: ApiClient,
    onConflict: NonNullable<ImportRequest["onConflict"]>,
  ) {
    this.#source = source;
    this.#client = client;
    this.#onConflict = onConflict;
  }

  /**
   * @param collected takes the answers as they come
   * @throws AppError ERR_INTERRUPTED once the signal says so, between two requests
   */
  async run(
    dryRun: boolean,
    collected: Collected,
    { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: OnProgress },
  ): Promise<void> {
    for (let offset = 0, total = 1; offset < total;) {
      if (signal.aborted) throw new AppError("ERR_INTERRUPTED", "interrupted");
      const startedAt = performance.now();
      const limit = this.#limit;
      const imported = await this.#client.importKeys(this.#slice(offset, limit), dryRun);
      total = this.#source.kind === "csv" ? this.#source.keys.length : imported.total;
      this.#adapt(performance.now() - startedAt, total);
      collected.keys.push(...imported.keys);
      collected.otherEntries = imported.otherEntries;
      collected.partial = imported.partial;
      offset += limit;
      onProgress(Math.min(offset, total), total);
    }
  }

  #slice(offset: number, limit: number): ImportRequest {
    const options = { onConflict: this.#onConflict ?? "refuse" };
    const source = this.#source;
    if (source.kind === "csv") {
      return { keys: source.keys.slice(offset, offset + limit), ...options };
    }
    const { pkcs12, password } = source;
    return { pkcs12, ...(password === undefined ? {} : { password }), offset, limit, ...options };
  }

  #adapt(elapsedMs: number, total: number): void {
    const factor = Math.min(MAX_GROWTH, SLICE_MS / Math.max(1, elapsedMs));
    const limit = this.#limit * factor;
    this.#limit = Math.ceil(
      Math.min(MAX_IMPORTED_KEYS, Math.max(MIN_SLICE, total / MAX_SLICES, limit)),
    );
  }
}
