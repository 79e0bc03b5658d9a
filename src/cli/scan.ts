import type { ApiClient } from "../client/api_client.ts";
import { AppError } from "../errors.ts";
import { printable } from "../model/printable.ts";
import { MAX_CANDIDATES } from "../protocol/scan.ts";
import type { CommandContext, CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import { type Candidate, KeyFinder } from "./key_finder.ts";
import { type OctetSource, octetSources } from "./octet_source.ts";
import type { ScanOutput } from "./output_schemas.ts";
import { JSON_OPTION, WRITER_OPTIONS } from "./settings.ts";

const FOUND_STATUS = 3;
const UNREAD_STATUS = 1;

/** A key where it should not be. */
type Finding = Readonly<ScanOutput["findings"][number]>;

/** More of one key in one file are counted only: a log may have one in each of its lines. */
const MAX_TOLD = 100;

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
    const client = await connect(args, context);
    const options = { revoke: args.isSet("revoke"), asJson: args.isSet("json") };
    const search = new Search(client, context, options);
    await search.all(args.positionals);
    search.summarize();
    if (search.total > 0) return FOUND_STATUS;
    return search.hasUnread ? UNREAD_STATUS : 0;
  },
};

interface SearchOptions {
  readonly revoke: boolean;
  readonly asJson: boolean;
}

class Search {
  readonly #client: ApiClient;
  readonly #context: CommandContext;
  readonly #options: SearchOptions;
  /** For programs; people have read them by then. */
  readonly #findings: Finding[] = [];
  readonly #revoked = new Set<string>();
  readonly #unread: string[] = [];
  total = 0;

  constructor(client: ApiClient, context: CommandContext, options: SearchOptions) {
    this.#client = client;
    this.#context = context;
    this.#options = options;
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
    const counts = new Map<string, number>();
    let candidates: Candidate[] = [];
    for await (const piece of pieces()) {
      for (const candidate of finder.find(piece)) {
        candidates.push(candidate);
        if (candidates.length < MAX_CANDIDATES) continue;
        await this.#ask(name, candidates, counts);
        candidates = [];
      }
    }
    await this.#ask(name, candidates, counts);
    for (const [alias, count] of counts) {
      if (count > MAX_TOLD) {
        this.#tell(`${name}: API key '${alias}' ${count - MAX_TOLD} times more`);
      }
    }
  }

  /** What is found is revoked at once: a daemon that ends meanwhile must not leave it all. */
  async #ask(
    path: string,
    candidates: readonly Candidate[],
    counts: Map<string, number>,
  ): Promise<void> {
    if (candidates.length === 0) return;
    const texts = candidates.map(({ text }) => text);
    const found = await this.#client.findKeys(texts, this.#options.revoke);
    for (const [index, { offset }] of candidates.entries()) {
      for (const alias of found[index] ?? []) this.#report({ alias, path, offset }, counts);
    }
    if (!this.#options.revoke) return;
    for (const alias of new Set(found.flat())) {
      this.#revoked.add(alias);
      this.#tell(`API key '${alias}' has been revoked.`);
    }
  }

  #report(finding: Finding, counts: Map<string, number>): void {
    const { alias, path, offset } = finding;
    const count = (counts.get(alias) ?? 0) + 1;
    counts.set(alias, count);
    this.total++;
    if (count > MAX_TOLD) return;
    if (this.#options.asJson) this.#findings.push(finding);
    this.#tell(`${path}: API key '${alias}' at octet ${offset}`);
  }

  /** To people. */
  #tell(text: string): void {
    if (!this.#options.asJson) this.#context.print(`${printable(text, MAX_CHARACTERS)}\n`);
  }

  get hasUnread(): boolean {
    return this.#unread.length > 0;
  }

  /** What cannot be read may hold keys, too: the rest is searched all the same. */
  #skip(error: unknown): void {
    if (!(error instanceof AppError) || error.code !== "ERR_FILE") throw error;
    this.#unread.push(error.message);
    if (!this.#options.asJson) this.#context.complain(`apikey: ${error.message}`);
  }

  summarize(): void {
    if (this.#options.asJson) {
      const output: ScanOutput = {
        findings: this.#findings,
        total: this.total,
        revoked: [...this.#revoked],
        unread: this.#unread,
      };
      this.#context.print(`${JSON.stringify(output)}\n`);
    } else if (this.total === 0 && !this.hasUnread) this.#context.print("No API keys found.\n");
  }
}

const MAX_CHARACTERS = 5_000;
