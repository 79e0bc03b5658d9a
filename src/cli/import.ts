import { AppError } from "../errors.ts";
import { printable } from "../model/printable.ts";
import type { ImportRequest } from "../protocol/import.ts";
import type { CommandContext, CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import { requireFile } from "./file_argument.ts";
import { type Collected, type ImportSource, readSource, Transfer } from "./import_source.ts";
import { complainOf, describe, hasChanges, isNew, outputOf } from "./import_output.ts";
import { nameOf } from "./input.ts";
import type { Arguments } from "./option.ts";
import type { ImportOutput } from "./output_schemas.ts";
import { readPassword } from "./password_source.ts";
import { Progress } from "./progress.ts";
import { JSON_OPTION, WRITER_OPTIONS } from "./settings.ts";

export const importCommand: CommandSpec = {
  name: "import",
  argument: "<file>",
  summary: "Take over API keys, secrets included, from another keystore or a CSV file",
  options: [
    {
      name: "source-password-file",
      value: "FILE",
      description: "Read the other keystore's password from FILE; else MetricsHub's built-in one",
    },
    { name: "skip-existing", description: "Leave an alias alone that has another key here" },
    { name: "replace", description: "Give such an alias the imported key, and end the one before" },
    { name: "dry-run", description: "Show what would be done, and do nothing" },
    JSON_OPTION,
    ...WRITER_OPTIONS,
  ],
  examples: [
    "apikey import /opt/metricshub/security/metricshub-keystore.p12",
    "apikey import other.p12 --source-password-file ./other.password",
    "apikey import other.p12 --skip-existing --dry-run",
    "apikey import keys.csv --replace --json",
  ],
  async run(args, context) {
    const path = requireFile(args);
    const onConflict = onConflictOf(args);
    const passwordFile = args.value("source-password-file");
    const password = passwordFile === undefined ? undefined : readPassword(passwordFile);
    const { output, error } = await readSource(path, password)
      .then((source) => transfer(source, onConflict, args, context))
      .catch((error) => Promise.reject(naming(path, error, password)));
    if (args.isSet("json")) context.print(`${JSON.stringify(output)}\n`);
    else context.print(describe(output));
    if (error !== undefined) throw error;
    return complainOf(output, context);
  },
};

type OnConflict = NonNullable<ImportRequest["onConflict"]>;

/** @throws AppError ERR_USAGE */
function onConflictOf(args: Arguments): OnConflict {
  const [skip, replace] = ["skip-existing", "replace"].map((name) => args.isSet(name));
  if (!skip || !replace) return skip ? "skip" : replace ? "replace" : "refuse";
  throw new AppError("ERR_USAGE", "--skip-existing and --replace: give one of them");
}

interface Transferred {
  readonly output: ImportOutput;
  /** What came between, where not all has been imported. */
  readonly error?: AppError;
}

async function transfer(
  source: ImportSource,
  onConflict: OnConflict,
  args: Arguments,
  context: CommandContext,
): Promise<Transferred> {
  const client = await connect(args, context);
  const [asJson, dryRun] = [args.isSet("json"), args.isSet("dry-run")];
  using interruption = await context.onInterrupt();
  const { signal } = interruption;
  // Every key counts twice where there are two passes.
  const options = { label: "importing", total: 1, showsCount: false, asJson };
  using progress = new Progress(context, options);
  const work = new Transfer(source, client, onConflict);
  const passes = dryRun ? 1 : 2;
  // All of it without changing anything first: what is to be refused is refused as a whole.
  const planned = nothing();
  await work.run(true, planned, {
    signal,
    onProgress: (done, total) => progress.advance(done, passes * total),
  }).catch((error) => Promise.reject(notBegun(error)));
  refuseConflicts(planned);
  if (dryRun || !hasChanges(planned)) return { output: outputOf(source, planned, dryRun) };
  const imported = nothing();
  const error = await work.run(false, imported, {
    signal,
    onProgress: (done, total) => progress.advance(total + done, passes * total),
  }).catch((error) => stopped(error, imported));
  return { output: outputOf(source, imported, false), ...(error && { error }) };
}

function nothing(): Collected {
  return { keys: [], otherEntries: 0, partial: false };
}

function naming(path: string, error: unknown, password: string | undefined): unknown {
  const codes: readonly string[] = ["ERR_USAGE", "ERR_IMPORT_REFUSED"];
  if (!(error instanceof AppError) || !codes.includes(error.code)) return error;
  const isShut = error.code === "ERR_IMPORT_REFUSED" && SHUT.test(error.message);
  const remedy = isShut && password === undefined ? REMEDY : "";
  const text = `cannot import ${printable(nameOf(path))}: ${error.message}${remedy}`;
  return new AppError(error.code, text, { cause: error });
}

/** Of a keystore that does not open, be it for a wrong password or for damage. */
const SHUT = /^wrong password/;
const REMEDY = ": give its password with --source-password-file";

function notBegun(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== "ERR_INTERRUPTED") return error;
  return new AppError(error.code, `${error.message}; nothing has been imported`, { cause: error });
}

/** Another administrator may have been faster, the disk is full, or somebody wants an end. */
function stopped(error: unknown, imported: Collected): AppError {
  if (!(error instanceof AppError)) throw error;
  const count = imported.keys.filter(isNew).length;
  const what = count === 1 ? "1 key has" : `${count} keys have`;
  const text = `${error.message.replace(/\.$/, "")}; ${what} been imported: import again ` +
    "for the others";
  return new AppError(error.code, text, { cause: error });
}

const MAX_NAMED = 5;

function refuseConflicts({ keys }: Collected): void {
  const conflicts = keys.filter(({ outcome }) => outcome === "conflict");
  if (conflicts.length === 0) return;
  refuseTwins(conflicts);
  const named = conflicts.slice(0, MAX_NAMED).map(({ alias }) => `'${printable(alias)}'`);
  const more = conflicts.length > MAX_NAMED ? ` and ${conflicts.length - MAX_NAMED} more` : "";
  const what = conflicts.length === 1 ? "1 alias has" : `${conflicts.length} aliases have`;
  const text = `${what} another key here: ${named.join(", ")}${more}; nothing has been imported: ` +
    "add --skip-existing or --replace";
  throw new AppError("ERR_IMPORT_CONFLICT", text);
}

/** Whom no `--replace` helps. */
function refuseTwins(conflicts: Collected["keys"]): void {
  const twins = conflicts.filter(({ sameAs }) => sameAs !== undefined);
  if (twins.length === 0) return;
  const named = twins.slice(0, MAX_NAMED).map(({ alias, sameAs = "" }) =>
    `'${printable(alias)}' has that of '${printable(sameAs)}'`
  );
  const more = twins.length > MAX_NAMED ? ` and ${twins.length - MAX_NAMED} more` : "";
  const what = twins.length === 1 ? "1 key is here" : `${twins.length} keys are here`;
  const text = `${what} under another alias: ${named.join(", ")}${more}; nothing has been ` +
    "imported: add --skip-existing, or revoke what is here";
  throw new AppError("ERR_IMPORT_CONFLICT", text);
}
