import { AppError, ERRORS } from "../errors.ts";
import { parseAlias } from "../model/alias.ts";
import type { ApiClient } from "../client/api_client.ts";
import type { CreatedKey } from "../protocol/keys.ts";
import { ALIAS_OPTION, requireAlias } from "./alias_argument.ts";
import type { CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import { askedExpiry, describeStoredExpiry, EXPIRY_OPTIONS } from "./expiry_arguments.ts";
import { KEY_OUTPUT_OPTIONS, KeyOutput, undelivered } from "./key_output.ts";
import { askedMetadata, METADATA_OPTIONS } from "./metadata_arguments.ts";
import { JSON_OPTION, WRITER_OPTIONS } from "./settings.ts";

export const createCommand: CommandSpec = {
  name: "create",
  argument: "[alias]",
  makesAlias: true,
  summary: "Create an API key and show it, once",
  options: [
    ALIAS_OPTION,
    ...EXPIRY_OPTIONS,
    ...METADATA_OPTIONS,
    ...KEY_OUTPUT_OPTIONS,
    JSON_OPTION,
    ...WRITER_OPTIONS,
  ],
  examples: [
    "apikey create --alias mcp-openai",
    "apikey create mcp-claude --json",
    "apikey create ci-job --expires-in 30d",
    "apikey create mcp-claude --expires-on 2031-12-31T23:59:59",
    "apikey create ci-job --output-file ./ci-job.key",
    "apikey create report --scope mcp:read --cidr 10.0.0.0/8 --owner ops",
    "apikey create --alias test --keystore ./metricshub-keystore.p12",
  ],
  async run(args, context) {
    const { complain } = context;
    const alias = parseAlias(requireAlias(args));
    const expiry = askedExpiry(args);
    const client = await connect(args, context);
    const output = new KeyOutput(args, context);
    const newKey = { alias, ...expiry, ...askedMetadata(args) };
    const created = await client.createKey(newKey).catch((error) => {
      output.discard();
      throw withUpstreamText(error, alias);
    });
    await deliverOrRevoke(created, client, output);
    const remark = output.isForPeople ? describeStoredExpiry(expiry, created) : undefined;
    if (remark !== undefined) complain(`apikey: ${remark}`);
  },
};

/** A key that nobody has seen helps nobody: it is taken back. */
async function deliverOrRevoke(
  created: CreatedKey,
  client: ApiClient,
  output: KeyOutput,
): Promise<void> {
  const { alias } = created;
  try {
    output.deliver(created, "created");
  } catch (error) {
    output.discard();
    const outcome = await client.revokeKey(alias).then(
      () => "it has been revoked again",
      (reason: Error) => `it cannot be revoked either (${reason.message}): revoke it later`,
    );
    const text = `${undelivered(error, "key")}; ${outcome}`;
    throw new AppError("ERR_OUTPUT", text, { cause: error });
  }
}

function withUpstreamText(error: unknown, alias: string): unknown {
  if (!(error instanceof AppError) || ERRORS[error.code].exitStatus !== 1) return error;
  const text = `Error creating API key with alias '${alias}': ${error.message}`;
  return new AppError(error.code, text, { cause: error });
}
