import { join } from "node:path";
import { BUILT_IN_PASSWORD } from "../../test/interop/fixtures.ts";
import { startDaemon } from "./daemon.ts";
import { startJavaTool } from "../../test/support/java.ts";
import type { BenchmarkContext } from "./benchmark.ts";

/** Who has written the keys of a keystore: Java salts every one of them anew. */
export type Writer = "apikey" | "java";

/** Writes a keystore of `count` API keys under MetricsHub's built-in password. */
export async function writeKeystore(
  context: BenchmarkContext,
  writer: Writer,
  count: number,
): Promise<string> {
  const file = join(context.folder, `${writer}-${count}.p12`);
  const java = await startJavaTool();
  try {
    await java.create(file, BUILT_IN_PASSWORD);
    if (writer === "java") await java.fill(file, BUILT_IN_PASSWORD, count);
  } finally {
    await java.close();
  }
  if (writer === "apikey") await fill(context, file, count);
  return file;
}

async function fill(context: BenchmarkContext, file: string, count: number): Promise<void> {
  const daemon = await startDaemon(context.command, file, `${file}.sock`);
  try {
    for (let i = 0; i < count; i++) {
      const { status, body } = await daemon.send("POST", "/v1/keys", { alias: `k${i}` });
      if (status !== 201) throw new Error(`cannot create a key: ${status} ${body}`);
    }
  } finally {
    await daemon.stop();
  }
}
