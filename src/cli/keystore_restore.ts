import { AppError } from "../errors.ts";
import { printable } from "../model/printable.ts";
import type { Restored } from "../protocol/keystore.ts";
import type { CommandSpec } from "./command.ts";
import { counted, countedOthers } from "./counted.ts";
import { connect } from "./connect.ts";
import { readWholeFile } from "./files.ts";
import { requireFile } from "./file_argument.ts";
import { FORCE_OPTION, JSON_OPTION, WRITER_OPTIONS } from "./settings.ts";

const MAX_BYTES = 64 * 1024 * 1024;

export const keystoreRestoreCommand: CommandSpec = {
  name: "keystore restore",
  argument: "<file>",
  summary: "Put a copy in the keystore's place; what was there is kept beside it",
  options: [
    { ...FORCE_OPTION, description: "Also a copy of which parts cannot be opened" },
    JSON_OPTION,
    ...WRITER_OPTIONS,
  ],
  examples: [
    "apikey keystore restore /root/keystore-backup.p12",
    "apikey keystore restore metricshub-keystore.p12.generation-1",
  ],
  async run(args, context) {
    const { print } = context;
    const path = requireFile(args);
    const bytes = readWholeFile(path, MAX_BYTES);
    const client = await connect(args, context);
    const pkcs12 = Buffer.from(bytes).toString("base64");
    const restored = await client.restoreKeystore({ pkcs12, force: args.isSet("force") })
      .catch((error) => {
        throw naming(path, error);
      });
    print(args.isSet("json") ? `${JSON.stringify(restored)}\n` : describe(path, restored));
  },
};

function describe(path: string, { keys, otherEntries, keptAt }: Restored): string {
  return `The keystore has been restored from ${printable(path)}: ${counted(keys, "API key")}, ` +
    `${countedOthers(otherEntries)}.\n` +
    (keptAt === null ? "" : `What was there is kept in ${printable(keptAt)}.\n`);
}

function naming(path: string, error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== "ERR_RESTORE_REFUSED") return error;
  const text = `cannot restore ${printable(path)}: ${error.message}`;
  return new AppError(error.code, text, { cause: error });
}
