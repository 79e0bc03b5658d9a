/** npm run docs: writes what is made of the tables of commands and of routes, and kept here. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandSpec } from "../src/cli/command.ts";
import { COMMANDS } from "../src/cli/commands.ts";
import { commandReference } from "./command_reference.ts";
import { configurationExample, settingTable } from "./configuration_documents.ts";
import { outputSchemaDocument } from "./json_schema.ts";
import { allRoutes, describeApi } from "./openapi.ts";
import { routeTable } from "./route_table.ts";
import { ROOT } from "./runtimes.ts";

const SCHEMA = "src/cli/output.schema.json";
export const API_DESCRIPTION = "src/api/openapi.json";
const API_README = "src/api/README.md";
const REFERENCE = "src/cli/README.md";
const EXAMPLE = "src/cli/apikey.example.yaml";

interface Document {
  /** Relative to the project's folder. */
  readonly path: string;
  readonly present: string;
  readonly wanted: string;
}

if (import.meta.main) {
  for (const { path, present, wanted } of documents(ROOT, COMMANDS)) {
    if (present !== wanted) writeFileSync(join(ROOT, path), wanted);
    console.log(`${path.padEnd(30)} ${present === wanted ? "is up to date" : "written"}`);
  }
}

/** What is not as the tables would have it, one line each; none: an empty list. */
export function findStaleDocuments(root: string, commands: readonly CommandSpec[]): string[] {
  try {
    return documents(root, commands).filter(({ present, wanted }) => present !== wanted)
      .map(({ path }) => `${path} is not what it is made of: npm run docs`);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** @throws Error for a command or a route that cannot be documented */
function documents(root: string, commands: readonly CommandSpec[]): Document[] {
  const read = (path: string) => {
    const file = join(root, path);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };
  const schema = `${JSON.stringify(outputSchemaDocument(commands), null, 2)}\n`;
  const reference = read(REFERENCE);
  const routes = allRoutes();
  const apiReadme = read(API_README);
  const withSettings = betweenMarkers("settings", reference, settingTable());
  return [
    { path: SCHEMA, present: read(SCHEMA), wanted: schema },
    {
      path: API_DESCRIPTION,
      present: read(API_DESCRIPTION),
      wanted: `${JSON.stringify(describeApi(routes), null, 2)}\n`,
    },
    {
      path: API_README,
      present: apiReadme,
      wanted: betweenMarkers("routes", apiReadme, routeTable(routes)),
    },
    { path: EXAMPLE, present: read(EXAMPLE), wanted: configurationExample() },
    {
      path: REFERENCE,
      present: reference,
      wanted: betweenMarkers("commands", withSettings, commandReference(commands)),
    },
  ];
}

/** What is around `<!-- name -->` and `<!-- /name -->` is written by hand. */
function betweenMarkers(name: string, text: string, generated: string): string {
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->\n`];
  const [before, rest] = [text.indexOf(begin), text.indexOf(end)];
  if (before < 0 || rest < before) throw new Error(`no ${begin.trim()} … ${end.trim()} in it`);
  return `${text.slice(0, before + begin.length)}\n${generated}\n${text.slice(rest)}`;
}
