import { printable } from "../model/printable.ts";
import type { Rekeyed } from "../protocol/keystore.ts";
import type { CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import { readPassword } from "./password_source.ts";
import { FORCE_OPTION, JSON_OPTION, WRITER_OPTIONS } from "./settings.ts";

export const keystoreRekeyCommand: CommandSpec = {
  name: "keystore rekey",
  summary: "Give the keystore another password, and keep that where the present one is",
  options: [
    {
      name: "new-password-file",
      value: "FILE",
      description:
        "Take the password from FILE; else the credential keystore-password.new, or random",
    },
    { ...FORCE_OPTION, description: "Also where a MetricsHub would lose access to the keystore" },
    JSON_OPTION,
    ...WRITER_OPTIONS,
  ],
  examples: [
    "apikey keystore rekey",
    "apikey keystore rekey --new-password-file ./new-password",
  ],
  async run(args, context) {
    const { print } = context;
    const file = args.value("new-password-file");
    const password = file === undefined ? undefined : readPassword(file);
    const client = await connect(args, context);
    const force = args.isSet("force");
    const rekeyed = await client.rekeyKeystore({ ...(password ? { password } : {}), force });
    print(args.isSet("json") ? `${JSON.stringify(rekeyed)}\n` : describe(rekeyed));
  },
};

function describe({ source, path }: Rekeyed): string {
  const place = source === "systemd-credential"
    ? "the credential keystore-password.new: make it keystore-password now"
    : printable(path ?? "");
  return `The keystore has a new password, kept in ${place}.\n` +
    "Earlier states beside it, which were under the old one, have been removed.\n";
}
