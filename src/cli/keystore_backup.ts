import { printable } from "../model/printable.ts";
import type { CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import { writeNewFile } from "./files.ts";
import { requireFile } from "./file_argument.ts";
import type { BackupOutput } from "./output_schemas.ts";
import { JSON_OPTION, WRITER_OPTIONS } from "./settings.ts";

export const keystoreBackupCommand: CommandSpec = {
  name: "keystore backup",
  argument: "<file>",
  summary: "Copy the keystore, in one consistent state, to a new file",
  options: [JSON_OPTION, ...WRITER_OPTIONS],
  examples: ["apikey keystore backup /root/keystore-backup.p12"],
  async run(args, context) {
    const { print } = context;
    const path = requireFile(args);
    const client = await connect(args, context);
    const bytes = await client.copyKeystore();
    writeNewFile(path, bytes, context.system.guardedFiles);
    const output = { path, bytes: bytes.length };
    print(args.isSet("json") ? `${JSON.stringify(output)}\n` : describe(output));
  },
};

function describe({ path, bytes }: BackupOutput): string {
  return `The keystore has been copied to ${printable(path)} (${bytes} bytes).\n` +
    "It opens with the same password: keep that, too.\n";
}
