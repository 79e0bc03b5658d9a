import type { ApiClient } from "../client/api_client.ts";
import { AppError } from "../errors.ts";
import { printable } from "../model/printable.ts";
import { MAX_CANDIDATES } from "../protocol/scan.ts";
import type { CommandContext, CommandSpec } from "./command.ts";
import { type Candidate, KeyFinder } from "./key_finder.ts";
import { type OctetSource, octetSources } from "./octet_source.ts";
import { JSON_OPTION, targetSettings, WRITER_OPTIONS } from "./settings.ts";

const FOUND_STATUS = 3;
const UNREAD_STATUS = 1;

/** A key where it should not be. */
interface Finding {
  readonly alias: string;
  readonly path: string;
  /** In octets. */
  readonly offset: number;
}

export const scanCommand: CommandSpec = {
  name: "scan",
  argument: "[path...]",
  summary:
    "Find API keys in files and folders, or on standard input: exit status 3 if there are any",
  options: [
    { name: "revoke", description: "Revoke every key that is found" },
    JSON_OPTION,
    ...WRITER_OPTIONS,
  ],
  examples: [
    "apikey scan /var/log ./repository",
    "apikey scan --revoke leaked.txt",
    "apikey scan --json < dump.sql",
  ],
  async run(args, context) {
    const client = await context.connect(targetSettings(args, context.env));
    const search = new Search(client, context, args.isSet("json"));
    await search.all(args.positionals);
    if (args.isSet("revoke")) await search.revokeFound();
    search.summarize();
    if (search.findings.length > 0) return FOUND_STATUS;
    return search.hasUnread ? UNREAD_STATUS : 0;
  },
};

class Search {
  readonly #client: ApiClient;
  readonly #context: CommandContext;
  readonly #asJson: boolean;
  readonly findings: Finding[] = [];
  readonly #revoked: string[] = [];
  hasUnread = false;

  constructor(client: ApiClient, context: CommandContext, asJson: boolean) {
    this.#client = client;
    this.#context = context;
    this.#asJson = asJson;
  }

  async all(paths: readonly string[]): Promise<void> {
    const known = await this.#client.keyFilter();
    for (const source of octetSources(paths, (error) => this.#skip(error))) {
      try {
        await this.#one(source, new KeyFinder(known));
      } catch (error) {
        this.#skip(error);
      }
    }
  }

  async #one({ name, pieces }: OctetSource, finder: KeyFinder): Promise<void> {
    let candidates: Candidate[] = [];
    for await (const piece of pieces()) {
      for (const candidate of finder.find(piece)) candidates.push(candidate);
      if (candidates.length < MAX_CANDIDATES) continue;
      await this.#ask(name, candidates);
      candidates = [];
    }
    await this.#ask(name, candidates);
  }

  async #ask(path: string, candidates: readonly Candidate[]): Promise<void> {
    for (let from = 0; from < candidates.length; from += MAX_CANDIDATES) {
      const some = candidates.slice(from, from + MAX_CANDIDATES);
      const aliases = await this.#client.findKeys(some.map(({ text }) => text));
      for (const [index, { offset }] of some.entries()) {
        const alias = aliases[index];
        if (alias) this.#report({ alias, path, offset });
      }
    }
  }

  #report(finding: Finding): void {
    this.findings.push(finding);
    const { alias, path, offset } = finding;
    if (this.#asJson) return;
    this.#context.print(`${printable(path)}: API key '${printable(alias)}' at octet ${offset}\n`);
  }

  /** What cannot be read may hold keys, too: the rest is searched all the same. */
  #skip(error: unknown): void {
    if (!(error instanceof AppError) || error.code !== "ERR_FILE") throw error;
    this.hasUnread = true;
    this.#context.complain(`apikey: ${error.message}`);
  }

  async revokeFound(): Promise<void> {
    for (const alias of new Set(this.findings.map((finding) => finding.alias))) {
      await this.#client.revokeKey(alias).catch((error) => {
        // With an alias goes what it had before, which may have been found, too.
        if (!(error instanceof AppError) || error.code !== "ERR_ALIAS_UNKNOWN") throw error;
      });
      this.#revoked.push(alias);
      if (!this.#asJson) this.#context.print(`API key '${printable(alias)}' has been revoked.\n`);
    }
  }

  summarize(): void {
    if (this.#asJson) {
      const { findings } = this;
      this.#context.print(`${JSON.stringify({ findings, revoked: this.#revoked })}\n`);
    } else if (this.findings.length === 0 && !this.hasUnread) {
      this.#context.print("No API keys found.\n");
    }
  }
}
