import { ALL_SETTINGS, type Setting, variableOf } from "../src/cli/setting_table.ts";

const HEAD = `# The configuration of apikey: /etc/metricshub/apikey.yaml, or what --config names.
#
# What is commented out here is as it is without this file; where that is no fixed value, it is an
# example. A flag outweighs its variable, and that this file. After a change:
#
#     apikey config check && systemctl reload metricshub-apikey
`;

/** A configuration file in which every setting there is is commented out. */
export function configurationExample(): string {
  const lines: string[] = [];
  let open: readonly string[] = [];
  for (const setting of ALL_SETTINGS) {
    const groups = setting.key.split(".").slice(0, -1);
    for (const [depth, group] of groups.entries()) {
      if (open[depth] === group) continue;
      open = groups.slice(0, depth);
      if (depth === 0) lines.push("");
      lines.push(`#${indent(depth)}${group}:`);
    }
    open = groups;
    lines.push(...describeInFile(setting, groups.length));
  }
  return `${HEAD}${lines.map((line) => `${line}\n`).join("")}`;
}

/** Every setting with its flag, its variable and what it is without, as a table in Markdown. */
export function settingTable(): string {
  const rows = [
    ["setting", "flag and variable", "otherwise", "what it says"],
    ...ALL_SETTINGS.map((setting) => [
      `\`${setting.key}\``,
      setting.flag === undefined ? "" : `\`--${setting.flag}\`, \`${variableOf(setting.flag)}\``,
      String(setting.otherwise ?? setting.initial ?? `\`${setting.example}\``),
      descriptionOf(setting),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => width(row[column]))));
  const line = (cells: readonly string[], fill = " ") =>
    `| ${cells.map((cell, column) => cell.padEnd(widths?.[column] ?? 0, fill)).join(" | ")} |\n`;
  const [header = [], ...others] = rows;
  return [line(header), line(header.map(() => ""), "-"), ...others.map((row) => line(row))].join(
    "",
  );
}

function width(cell: string | undefined): number {
  return cell?.length ?? 0;
}

function descriptionOf({ description, daemonDescription }: Setting<unknown>): string {
  return daemonDescription ?? description;
}

function describeInFile(setting: Setting<unknown>, depth: number): string[] {
  const { key, flag, example, otherwise } = setting;
  const lead = depth === 0 ? "#" : `#${indent(depth)}#`;
  const fallback = otherwise === undefined ? "" : `; else ${otherwise}`;
  const names = flag === undefined ? [] : [`${lead} --${flag}, ${variableOf(flag)}`];
  return [
    ...(depth === 0 ? [""] : []),
    `${lead} ${descriptionOf(setting)}${fallback}.`,
    ...names,
    `#${indent(depth)}${key.split(".").at(-1)}: ${example}`,
  ];
}

function indent(depth: number): string {
  return "  ".repeat(depth);
}
