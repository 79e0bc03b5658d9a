// Connections that both ends may close at the very moment that one of them is to be used again.
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { send } from "../support/http.ts";
import { requiring } from "../support/requirements.ts";
import { CADDY, NGINX, type Proxy } from "../e2e/guards/proxy.ts";
import { openSite, type SiteOptions } from "../e2e/guards/site.ts";

const KEY = "eb47c2be-927f-495f-aa97-0ba0f60b8986";

/**
 * When idle connections end: the documented nginx's after 4 s, by the daemon's word after 5 s, and
 * by its deed, as Node allows for the network, after 6 s.
 */
const GAPS_MS = [4_000, 5_000, 6_000, 6_000] as const;
const SPREAD_MS = 25;
const REQUESTS = 40;

const SITES: readonly { readonly about: string; readonly proxy: Proxy; options?: SiteOptions }[] = [
  { about: "nginx", proxy: NGINX },
  {
    about: "nginx that would keep more connections, for a minute",
    proxy: NGINX,
    options: {
      revise: (config) =>
        config.replace("keepalive 8;", "keepalive 64;").replace("keepalive_timeout 4s;", ""),
    },
  },
  { about: "Caddy", proxy: CADDY },
];

const tools = ["setpriv", "unshare", "nginx", "caddy"];
requiring(test, "linux", "root", "mount", ...tools)(
  "no request fails because its connection to the daemon has just ended",
  async () => {
    const failures = await Promise.all(SITES.map(async ({ about, proxy, options }) => {
      await using site = await openSite(proxy, options);
      const statuses = await askInWaves(site.port);
      return statuses.filter((status) => status !== 200).map((status) => `${about}: ${status}`);
    }));
    assert.equal(failures.flat(), []);
  },
);

async function askInWaves(port: number): Promise<number[]> {
  const statuses: number[] = [];
  for (const gapMs of [0, ...GAPS_MS]) {
    const wave = Array.from({ length: REQUESTS }, async (_, i) => {
      if (gapMs > 0) await sleep(gapMs + SPREAD_MS * (2 * i / REQUESTS - 1));
      const request = { method: "GET", path: "/", headers: { Authorization: KEY } };
      return (await send(port, request)).status;
    });
    statuses.push(...await Promise.all(wave));
  }
  return statuses;
}

test.run();
