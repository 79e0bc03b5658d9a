/** What the property list depends on. */
export interface LaunchdSettings {
  /** The absolute path of the executable. */
  readonly executable: string;
  /** undefined for the default one */
  readonly configFile: string | undefined;
  /** Where the daemon's log goes. */
  readonly logPath: string;
}

/** By which launchd knows the service. */
export const LAUNCHD_LABEL = "com.metricshub.apikey";

type Value = string | number | boolean | readonly string[] | { readonly [key: string]: Value };

/** launchd.plist(5) */
export function launchdPlist({ executable, configFile, logPath }: LaunchdSettings): string {
  const config = configFile === undefined ? [] : ["--config", configFile];
  return propertyList({
    Label: LAUNCHD_LABEL,
    ProgramArguments: [executable, "daemon", ...config],
    RunAtLoad: true,
    // Whatever ends it but a stop: a keystore that cannot be served now may be mended meanwhile.
    KeepAlive: { SuccessfulExit: false },
    ExitTimeOut: 15,
    StandardErrorPath: logPath,
    WorkingDirectory: "/",
    // 0077: nobody else reads what it writes, the log among it.
    Umask: 63,
    HardResourceLimits: { Core: 0, NumberOfFiles: 16_384 },
    SoftResourceLimits: { Core: 0, NumberOfFiles: 16_384 },
  });
}

function propertyList(value: Value): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"' +
    ' "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    ...lines(value),
    "</plist>",
    "",
  ].join("\n");
}

/** One element, in lines. */
function lines(value: Value): string[] {
  if (typeof value === "boolean") return [value ? "<true/>" : "<false/>"];
  if (typeof value === "number") return [`<integer>${value}</integer>`];
  if (typeof value === "string") return [`<string>${escape(value)}</string>`];
  if (isArray(value)) return ["<array>", ...value.flatMap(lines).map(indent), "</array>"];
  const members = Object.entries(value).flatMap(([key, member]) => [
    `<key>${escape(key)}</key>`,
    ...lines(member),
  ]);
  return ["<dict>", ...members.map(indent), "</dict>"];
}

/** Not `Array.isArray`, which knows of no readonly ones. */
function isArray(value: Value): value is readonly string[] {
  return Array.isArray(value);
}

function indent(line: string): string {
  return `\t${line}`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
