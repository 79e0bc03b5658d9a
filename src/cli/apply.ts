import { statSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "../client/api_client.ts";
import { AppError } from "../errors.ts";
import { Application, type Applied } from "./application.ts";
import { throwFirst, undelivered } from "./apply_failure.ts";
import { computePlan, type Plan, type PlanOptions } from "./apply_plan.ts";
import { describeLeftOut, describePlan, describeResult, outputOf } from "./apply_output.ts";
import type { CommandContext, CommandSpec } from "./command.ts";
import { carryOut, type Outcome } from "./carry_out.ts";
import { connect } from "./connect.ts";
import type { DeclaredKey } from "./declaration.ts";
import { parseDeclaration } from "./declaration_file.ts";
import { lookupAlias } from "../model/alias.ts";
import { printable } from "../model/printable.ts";
import { requireFile } from "./file_argument.ts";
import { fileError } from "./files.ts";
import { decodeText, readInput } from "./input.ts";
import {
  assertCanHold,
  keyFileIn,
  type KeyFileState,
  keyFileState,
  reservationsEndInMs,
} from "./key_files.ts";
import type { Arguments } from "./option.ts";
import type { ApplyOutput } from "./output_schemas.ts";
import { Progress } from "./progress.ts";
import { JSON_OPTION, WRITER_OPTIONS } from "./settings.ts";

const MAX_BYTES = 16 * 1024 * 1024;

/** Changes that arrive together share one save. */
const MAX_AT_ONCE = 16;

export const applyCommand: CommandSpec = {
  name: "apply",
  argument: "<file>",
  summary: "Create, change and revoke API keys until they are as a file declares them",
  options: [
    { name: "dry-run", description: "Show what would be done, and do nothing" },
    { name: "prune", description: "Revoke keys that the file does not name" },
    {
      name: "output-folder",
      value: "FOLDER",
      description: "Write each new key to FOLDER/ALIAS.key, for its owner's eyes only",
    },
    JSON_OPTION,
    ...WRITER_OPTIONS,
  ],
  examples: [
    "apikey apply keys.yaml --dry-run",
    "apikey apply keys.yaml --output-folder ./keys",
    "apikey apply keys.yaml --prune --json",
    "apikey apply - < keys.json",
  ],
  async run(args, context) {
    const path = requireFile(args);
    const text = decodeText(await readInput(path, MAX_BYTES), path);
    const declaration = await parseDeclaration(text, path);
    const outputFileOf = outputFiles(args);
    const files = await settledFiles(declaration.keys, outputFileOf);
    const client = await connect(args, context);
    const plan = computePlan(declaration.keys, await client.listKeys(), {
      prune: args.isSet("prune"),
      nowMs: context.now(),
      outputFileOf,
      stateOfFile: (file) => files.get(file) ?? keyFileState(file),
      assertCanHold,
    });
    for (const line of describeLeftOut(plan, args.isSet("prune"))) context.complain(line);
    if (!args.isSet("json")) context.print(describePlan(plan, args.isSet("prune")));
    if (args.isSet("dry-run")) {
      if (args.isSet("json")) printJson(context, outputOf(plan, DRY_RUN));
      return;
    }
    await apply(plan, client, context, args.isSet("json"));
  },
};

/**
 * What is where keys are to go, before the keys are listed: a key that is listed may have got into its
 * file meanwhile, but no file that is there by then is that of a key which is not.
 *
 * @throws AppError ERR_FILE
 */
async function settledFiles(
  keys: readonly DeclaredKey[],
  outputFileOf: OutputFileOf,
): Promise<ReadonlyMap<string, KeyFileState>> {
  const states = new Map<string, KeyFileState>();
  for (const key of keys) {
    const path = outputFileOf(key, lookupAlias(key.alias));
    if (path !== undefined && key.state !== "absent") states.set(path, keyFileState(path));
  }
  const reserved = [...states.keys()].filter((path) => states.get(path) === "reserved");
  // Another run may be about to write them, or was killed a moment ago: time tells.
  const waitMs = reservationsEndInMs(reserved);
  if (waitMs > 0) await sleep(waitMs);
  for (const path of reserved) states.set(path, keyFileState(path));
  return states;
}

type OutputFileOf = PlanOptions["outputFileOf"];

/** @throws AppError ERR_FILE where the folder is none */
function outputFiles(args: Arguments): OutputFileOf {
  const folder = args.value("output-folder");
  try {
    if (folder !== undefined && !statSync(folder).isDirectory()) {
      throw new AppError("ERR_FILE", `cannot write to ${printable(folder)}: it is no folder`);
    }
  } catch (error) {
    throw fileError(error, `cannot write to ${folder}`);
  }
  return ({ outputFile }, alias) => {
    if (outputFile !== undefined) return resolve(outputFile);
    return folder === undefined ? undefined : keyFileIn(folder, alias);
  };
}

async function apply(
  plan: Plan,
  client: ApiClient,
  context: CommandContext,
  asJson: boolean,
): Promise<void> {
  const application = new Application(client, context.system.guardedFiles);
  using interruption = await context.onInterrupt();
  const { signal } = interruption;
  let outcomes: (Outcome<Applied> | undefined)[];
  try {
    outcomes = await carryOutPlan(plan, application, context, { asJson, signal });
    const { unknown } = application;
    if (asJson) printJson(context, outputOf(plan, { dryRun: false, outcomes, unknown }));
    else if (outcomes.some(hasKey)) context.print(STORE_THEM);
    for (const outcome of outcomes) {
      if (outcome?.status === "done") application.delivered(outcome.result);
    }
  } catch (error) {
    throw await undelivered(error, application);
  }
  await throwFirst(plan, outcomes, application);
}

const DRY_RUN = { dryRun: true, outcomes: [], unknown: new Set<string>() };

async function carryOutPlan(
  { actions }: Plan,
  application: Application,
  context: CommandContext,
  { asJson, signal }: { readonly asJson: boolean; readonly signal: AbortSignal },
): Promise<(Outcome<Applied> | undefined)[]> {
  using progress = new Progress(context, {
    label: "applying",
    total: actions.length,
    showsCount: true,
    asJson,
  });
  let done = 0;
  return await carryOut(actions, {
    maxAtOnce: MAX_AT_ONCE,
    signal,
    async work(action) {
      const applied = await application.carryOut(action);
      progress.advance(++done);
      return applied;
    },
    onDone(_, applied) {
      if (asJson) return;
      progress.around(() => context.print(describeResult(applied)));
      application.delivered(applied);
    },
  });
}

const STORE_THEM = "Please store these keys securely, as they will not be shown again.\n";

function hasKey(outcome: Outcome<Applied> | undefined): boolean {
  return outcome?.status === "done" && outcome.result.created !== undefined;
}

function printJson(context: CommandContext, output: ApplyOutput): void {
  context.print(`${JSON.stringify(output)}\n`);
}
