import { AppError } from "../errors.ts";
import { type Finding, mendedBy } from "../model/finding.ts";
import type { KeystoreFinding } from "../protocol/keystore.ts";
import type { CommandContext } from "./command.ts";
import type { DaemonSettings } from "./settings.ts";

/** What whoever serves the keystore finds in it, or why nobody can. */
export async function examineKeystore(
  settings: DaemonSettings,
  context: CommandContext,
): Promise<Finding[]> {
  try {
    const client = await context.connect(settings);
    const { path, exists, findings } = await client.checkKeystore();
    return exists ? findings.map(present) : [notThere(path)];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [unopened(error, context)];
  }
}

function present({ code, command, ...finding }: KeystoreFinding): Finding {
  return { ...finding, code: code ?? "keystore", command: command ?? undefined };
}

function notThere(path: string): Finding {
  return {
    code: "keystore-missing",
    severity: "hint",
    text: `There is no keystore ${path} yet`,
    remedy: "the first key makes it",
    command: "apikey create --alias first",
  };
}

function unopened({ code, message: text }: AppError, { system }: CommandContext): Finding {
  // More than root nobody can be.
  if (code === "ERR_FORBIDDEN" && system.uid !== 0) {
    return mendedBy("sudo apikey doctor", { code: "not-allowed", severity: "warning", text });
  }
  return {
    code: "keystore-unusable",
    severity: "error",
    text,
    remedy: "mend what has been found besides, or see there",
    command: undefined,
  };
}
