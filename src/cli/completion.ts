import { AppError } from "../errors.ts";
import { printable } from "../model/printable.ts";
import type { CommandSpec } from "./command.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

export const completionCommand: CommandSpec = {
  name: "completion",
  argument: "<shell>",
  choices: SHELLS,
  summary: "Print what has bash, zsh or fish complete commands, options and aliases",
  options: [],
  examples: [
    "apikey completion bash",
    "apikey completion zsh",
    "apikey completion fish",
  ],
  async run({ positionals: [name] }, { print }) {
    const shell = SHELLS.find((known) => known === name);
    if (shell === undefined) {
      const asked = name === undefined ? "which shell?" : `unknown shell '${printable(name)}':`;
      throw new AppError("ERR_USAGE", `${asked} give ${SHELLS.join(", ")}`);
    }
    const { COMPLETION_SCRIPTS } = await import("./completion_scripts.ts");
    print(COMPLETION_SCRIPTS[shell]);
  },
};
