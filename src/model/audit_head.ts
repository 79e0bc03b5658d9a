import * as v from "valibot";

/** The end of a chain of records, as whoever writes it remembers. */
export interface AuditHead {
  /** Of the last record; 0 for none. */
  readonly sequence: number;
  /** Of its line. */
  readonly hash: string;
}

export const EMPTY_HEAD: AuditHead = { sequence: 0, hash: "" };

/** The same as it is kept beside the log. */
export interface StoredHead extends AuditHead {
  /** Who signed last. */
  readonly signer: string | undefined;
}

const headSchema = v.object({
  v: v.literal(1),
  sequence: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  hash: v.string(),
  signer: v.exactOptional(v.string()),
});

/** @returns undefined for what is none */
export function parseAuditHead(text: string): StoredHead | undefined {
  try {
    const result = v.safeParse(headSchema, JSON.parse(text));
    if (!result.success) return undefined;
    const { sequence, hash, signer } = result.output;
    return { sequence, hash, signer };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function encodeAuditHead({ sequence, hash, signer }: StoredHead): string {
  return JSON.stringify({ v: 1, sequence, hash, ...(signer === undefined ? {} : { signer }) });
}
