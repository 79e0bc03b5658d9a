import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const GUARDS = join(import.meta.dirname, "..", "..", "..", "src", "api", "guards");

/** What a documented configuration says, each exactly once, and what a test puts in its place. */
export interface Addresses {
  /** For `127.0.0.1:8080`, or Caddy's `:8080`. */
  readonly port: number;
  /** For `127.0.0.1:3000`. */
  readonly backendPort: number;
  /** For `/run/metricshub/apikey.sock`. */
  readonly socket: string;
  /** A folder that everybody may enter. */
  readonly folder: string;
}

/** A web server that asks the daemon about each request. */
export interface Proxy {
  readonly name: "nginx" | "caddy";
  /** Whom Debian's package has it talk to others as. */
  readonly user: string;
  /** Whether it asks the daemon over connections that stay. */
  readonly keepsConnections: boolean;
  /** Writes its configuration and gives the command line, for root to run. */
  prepare(addresses: Addresses, revise?: (config: string) => string): string[];
  /** Of the process that asks the daemon. */
  workerPid(pid: number): number;
}

/** Debian's /etc/nginx/nginx.conf, as far as it matters. */
const NGINX_MAIN = `
user www-data;
worker_processes 1;
error_log stderr info;
events { worker_connections 768; }
`;

export const NGINX: Proxy = {
  name: "nginx",
  user: "www-data",
  keepsConnections: true,
  prepare(addresses, revise = (config) => config) {
    const { folder } = addresses;
    const site = join(folder, "site.conf");
    writeFileSync(site, revise(documented("nginx.conf", addresses)));
    const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    const temporary = kinds.map((kind) => `${kind}_temp_path ${join(folder, kind)};`).join(" ");
    const http = `http { access_log off; ${temporary} include ${site}; }`;
    const main = join(folder, "nginx.conf");
    writeFileSync(main, `${NGINX_MAIN}pid ${join(folder, "nginx.pid")};\n${http}\n`);
    return ["nginx", "-e", "stderr", "-c", main, "-g", "daemon off;"];
  },
  workerPid(pid) {
    const [worker = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    return Number(worker);
  },
};

export const CADDY: Proxy = {
  name: "caddy",
  user: "caddy",
  keepsConnections: false,
  prepare(addresses, revise = (config) => config) {
    const file = join(addresses.folder, "Caddyfile");
    const config = revise(documented("Caddyfile", addresses));
    // Its administrative interface has one port for all of this host.
    writeFileSync(file, config.replace("\n{\n", "\n{\n\tadmin off\n"));
    const caddy = ["caddy", "run", "--adapter", "caddyfile", "--config", file];
    return ["setpriv", "--reuid=caddy", "--regid=caddy", "--init-groups", ...caddy];
  },
  workerPid: (pid) => pid,
};

/** A configuration of `src/api/guards` as it stands there, but for its three addresses. */
function documented(name: string, { port, backendPort, socket }: Addresses): string {
  const addresses = [
    [/(?<=\n(?: {4}listen 127\.0\.0\.1|)):8080\b/g, `:${port}`],
    [/127\.0\.0\.1:3000\b/g, `127.0.0.1:${backendPort}`],
    [/\/run\/metricshub\/apikey\.sock\b/g, socket],
  ] as const;
  let text = readFileSync(join(GUARDS, name), "utf8");
  for (const [pattern, replacement] of addresses) {
    if (text.match(pattern)?.length !== 1) throw new Error(`${name}: ${pattern} not just once`);
    text = text.replace(pattern, () => replacement);
  }
  return text;
}
