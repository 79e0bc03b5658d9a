/** What the keystores in test/fixtures hold: the tables of the README.md there as data. */
import { fileURLToPath } from "node:url";

/** The store password of every MetricsHub install, public in its sources. */
export const BUILT_IN_PASSWORD =
  "Matrix, Credits: Bertrand, Elvis, Fadhela, Huan, Nassim, Ramassh and Thomas";

export interface FixtureKey {
  readonly alias: string;
  readonly key: string;
  /** LocalDateTime, as it stands in the payload. */
  readonly expiry?: string;
}

export interface Fixture {
  readonly file: string;
  readonly password: string;
  /** Every entry's name, in the order in which Java lists them. */
  readonly names: readonly string[];
  /** Of the API keys the ones that are known by their text. */
  readonly keys: readonly FixtureKey[];
  /** GnuTLS cannot parse the bags: an attribute's OID has an arc over 64 bits. */
  readonly beyondGnutls?: true;
}

const openai: FixtureKey = {
  alias: "mcp-openai",
  key: "eb47c2be-927f-495f-aa97-0ba0f60b8986",
};
const claude: FixtureKey = {
  alias: "mcp-claude",
  key: "3f2b1c4d-8e5f-4a2b-bc15-0ba0f60b15f3",
  expiry: "2031-12-31T23:59:59",
};
const retired: FixtureKey = {
  alias: "retired",
  key: "0d9c4f3e-51c7-4f3b-9d52-6a1f0c2b7e11",
  expiry: "2021-06-30T12:00",
};
const oldAgent: FixtureKey = {
  alias: "old-agent",
  key: "5b0f0d55-3c3a-4f43-8c0e-1c7b8f0b2a64",
};
const restAutomation: FixtureKey = {
  alias: "rest-automation",
  key: "9a2f6a1e-7f0c-4b53-8a39-3de8a2a9d0c4",
};
const tagged: FixtureKey = {
  alias: "tagged",
  key: "c6f1a3de-95a9-4f0e-9d7a-2f8f2a1f9b10",
};
const sealed: FixtureKey = {
  alias: "sealed",
  key: "11f5b3a0-4dfb-4a34-9d63-0f2f3f5a7c21",
};

export const FIXTURES: readonly Fixture[] = [
  {
    file: "upstream-2021-masterkey-only.p12",
    password: BUILT_IN_PASSWORD,
    names: ["masterkey"],
    keys: [],
  },
  {
    file: "jdk8-legacy.p12",
    password: BUILT_IN_PASSWORD,
    names: ["masterkey", "api_key:old-agent"],
    keys: [oldAgent],
  },
  {
    file: "jdk17-metricshub.p12",
    password: BUILT_IN_PASSWORD,
    names: [
      "masterkey",
      "api_key:mcp-openai",
      "api_key:mcp-claude",
      "api_key:retired",
      "user:admin",
    ],
    keys: [openai, claude, retired],
  },
  {
    file: "jdk17-mixed-certificates.p12",
    password: BUILT_IN_PASSWORD,
    names: ["webserver", "api_key:rest-automation", "masterkey", "example-ca"],
    keys: [restAutomation],
  },
  {
    file: "jdk17-attributes.p12",
    password: BUILT_IN_PASSWORD,
    names: ["api_key:tagged"],
    keys: [tagged],
    beyondGnutls: true,
  },
  {
    file: "jdk17-own-password.p12",
    password: "correct horse battery",
    names: ["api_key:sealed"],
    keys: [sealed],
  },
  {
    file: "jdk17-1000-keys.p12",
    password: BUILT_IN_PASSWORD,
    names: Array.from({ length: 1000 }, (_, i) => `api_key:k${i}`),
    keys: [],
  },
];

/** The path of a fixture; never to be written to. */
export function fixturePath(file: string): string {
  return fileURLToPath(new URL(`../fixtures/${file}`, import.meta.url));
}
