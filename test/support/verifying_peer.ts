/**
 * Checks a key twice as whoever runs it: `{"socket", "key", "snapshot"}` on standard input, `{"codes",
 * "fresh"}` or `{"error"}` as JSON on standard output. With a path for one, leaves a snapshot of its
 * heap. It closes nothing, and should end all the same.
 */
import process from "node:process";
import { text } from "node:stream/consumers";
import { writeHeapSnapshot } from "node:v8";
import { AppError, openVerifier } from "../../src/client.ts";

async function check(order: string): Promise<unknown> {
  const { socket, key, snapshot } = JSON.parse(order) as {
    readonly socket: string;
    readonly key: string;
    readonly snapshot?: string;
  };
  try {
    const verifier = await openVerifier({ socket });
    const codes = [(await verifier.verify(key)).code, verifier.verifyNow(key)?.code];
    return { codes, fresh: verifier.isFresh, snapshot, verifier };
  } catch (error) {
    if (error instanceof AppError) return { error: error.code };
    throw error;
  }
}

const { verifier, snapshot, ...result } = await text(process.stdin).then(check) as {
  readonly verifier?: unknown;
  readonly snapshot?: string;
};
if (snapshot !== undefined) {
  // What the key has passed through gets the time to go.
  await new Promise((resolve) => setTimeout(resolve, 200));
  writeHeapSnapshot(snapshot);
}
process.stdout.write(JSON.stringify({ ...result, isThere: verifier !== undefined }));
