import { AppError } from "../errors.ts";
import type { KeyRevision, NewKey } from "../protocol/keys.ts";
import type { Arguments, OptionSpec } from "./option.ts";

/** What is said of a key, as much as MetricsHub's own server cannot enforce. */
export const METADATA_OPTIONS: readonly OptionSpec[] = [
  { name: "description", value: "TEXT", description: "What the key is for" },
  { name: "owner", value: "NAME", description: "Whose key it is" },
  {
    name: "scope",
    value: "SCOPE",
    isRepeatable: true,
    description: "Use it for mcp:read or mcp:* alone; may be repeated; not enforced by MetricsHub",
  },
  {
    name: "cidr",
    value: "NETWORK",
    isRepeatable: true,
    description: "Use it from 10.0.0.0/8 alone; may be repeated; not enforced by MetricsHub",
  },
];

/** By the names of their options. */
const FIELDS = {
  description: { description: null },
  owner: { owner: null },
  scope: { scopes: [] },
  cidr: { networks: [] },
} as const satisfies Record<string, KeyRevision>;

export const CLEAR_OPTION: OptionSpec = {
  name: "clear",
  value: "FIELD",
  choices: Object.keys(FIELDS),
  isRepeatable: true,
  description: `Remove it: ${Object.keys(FIELDS).join(", ")}; may be repeated`,
};

export type AskedMetadata = Pick<NewKey, "description" | "owner" | "scopes" | "networks">;

export function askedMetadata(args: Arguments): AskedMetadata {
  const asked = {
    description: args.value("description"),
    owner: args.value("owner"),
    scopes: args.values("scope"),
    networks: args.values("cidr"),
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

/** @throws AppError ERR_USAGE for no change, and for one that contradicts itself */
export function askedRevision(args: Arguments): KeyRevision {
  const revision: Record<string, unknown> = { ...askedMetadata(args) };
  for (const field of args.values("clear") ?? []) {
    if (!Object.hasOwn(FIELDS, field)) {
      throw usage(`--clear takes one of ${Object.keys(FIELDS).join(", ")}`);
    }
    if (args.isSet(field)) throw usage(`--${field} and --clear ${field}: give one of them`);
    Object.assign(revision, FIELDS[field as keyof typeof FIELDS]);
  }
  if (Object.keys(revision).length > 0) return revision as KeyRevision;
  throw usage("nothing to change: give --description, --owner, --scope, --cidr or --clear");
}

function usage(text: string): AppError {
  return new AppError("ERR_USAGE", text);
}
