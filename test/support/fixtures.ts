import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "../../src/model/secret.ts";
import { BUILT_IN_PASSWORD } from "../../src/keystore/store_password.ts";
import { portablePkcs12Kdf } from "../../src/pkcs12/key_derivation.ts";
import { PasswordKeys } from "../../src/pkcs12/password_keys.ts";

export interface Fixture {
  readonly name: string;
  readonly password: string;
  /** friendlyName of each entry, in file order. */
  readonly names: readonly string[];
}

const METRICSHUB = BUILT_IN_PASSWORD;

/** Every keystore in test/fixtures but the large one. */
export const FIXTURES: readonly Fixture[] = [
  { name: "upstream-2021-masterkey-only.p12", password: METRICSHUB, names: ["masterkey"] },
  {
    name: "jdk17-metricshub.p12",
    password: METRICSHUB,
    names: [
      "masterkey",
      "api_key:mcp-openai",
      "api_key:mcp-claude",
      "api_key:retired",
      "user:admin",
    ],
  },
  { name: "jdk8-legacy.p12", password: METRICSHUB, names: ["masterkey", "api_key:old-agent"] },
  {
    name: "jdk17-mixed-certificates.p12",
    password: METRICSHUB,
    names: ["webserver", "api_key:rest-automation", "masterkey", "webserver", "example-ca"],
  },
  { name: "jdk17-attributes.p12", password: METRICSHUB, names: ["api_key:tagged"] },
  {
    name: "jdk17-own-password.p12",
    password: "correct horse battery",
    names: ["api_key:sealed"],
  },
];

export function fixturePath(name: string): string {
  return join(import.meta.dirname, "..", "fixtures", name);
}

export function readFixture(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(fixturePath(name)));
}

export function keysOf(password: string): PasswordKeys {
  return new PasswordKeys(new Secret(password), portablePkcs12Kdf);
}
