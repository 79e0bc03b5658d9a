import type { ResponseSpec } from "../src/api/operation.ts";
import type { Route } from "../src/api/route.ts";
import { schemaName } from "./openapi_schemas.ts";

/** All routes as a table of Markdown, with the names that the description of the API has. */
export function routeTable(routes: readonly Route[]): string {
  return toTable([
    ["route", "who", "", "takes", "answers"],
    ...routes.map((route) => [
      `\`${route.method} ${route.path.replace(/:(\w+)/g, "{$1}")}\``,
      route.access,
      route.summary,
      route.body === undefined ? "" : code(schemaName(route.body)),
      answersOf(route),
    ]),
  ]);
}

function answersOf({ responses }: Route): string {
  return Object.entries(responses).map(([status, response]) => {
    return `${status} ${contentOf(response)}`.trim();
  }).join(", ");
}

function contentOf({ schema, mediaType }: ResponseSpec): string {
  if (schema !== undefined) return code(schemaName(schema));
  return mediaType === undefined ? "" : code(mediaType);
}

function code(text: string): string {
  return `\`${text}\``;
}

/** As `deno fmt` writes it. */
function toTable(rows: readonly (readonly string[])[]): string {
  const [header = [], ...others] = rows;
  const widths = header.map((_, column) => {
    return Math.max(3, ...rows.map((row) => row[column]?.length ?? 0));
  });
  const line = (cells: readonly string[]) => {
    return `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  };
  const rule = line(widths.map((width) => "-".repeat(width)));
  return [line(header), rule, ...others.map(line)].join("");
}
