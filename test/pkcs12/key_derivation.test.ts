import { Buffer } from "node:buffer";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bmpPassword, portablePkcs12Kdf, PURPOSE } from "../../src/pkcs12/key_derivation.ts";
import { pickPlatform } from "../../src/platform/pick_platform.ts";

// Published with the test cases of PKCS #12 implementations (Bouncy Castle, OpenSSL), SHA-1.
const KNOWN: readonly {
  readonly purpose: keyof typeof PURPOSE;
  readonly password: string;
  readonly salt: string;
  readonly iterations: number;
  readonly derived: string;
}[] = [
  {
    purpose: "KEY",
    password: "smeg",
    salt: "0a58cf64530d823f",
    iterations: 1,
    derived: "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3",
  },
  {
    purpose: "IV",
    password: "smeg",
    salt: "0a58cf64530d823f",
    iterations: 1,
    derived: "79993dfe048d3b76",
  },
  {
    purpose: "MAC",
    password: "smeg",
    salt: "3d83c0e4546ac140",
    iterations: 1,
    derived: "8d967d88f6caa9d714800ab3d48051d63f73a312",
  },
  {
    purpose: "KEY",
    password: "queeg",
    salt: "05dec959acff72f7",
    iterations: 1000,
    derived: "ed2034e36328830ff09df1e1a07dd357185dac0d4f9eb3d4",
  },
];

for (const { purpose, password, salt, iterations, derived } of KNOWN) {
  test(`derives the known ${purpose} of ${password}`, () => {
    const output = portablePkcs12Kdf({
      digest: "sha1",
      password: bmpPassword(password),
      salt: Buffer.from(salt, "hex"),
      purpose: PURPOSE[purpose],
      iterations,
      bytes: derived.length / 2,
    });
    assert.is(Buffer.from(output).toString("hex"), derived);
  });
}

const { pkcs12Kdf: opensslPkcs12Kdf } = await pickPlatform(process);

/** Deno's executable has no OpenSSL to compare with. */
(opensslPkcs12Kdf ? test : () => undefined)("derives what OpenSSL derives", () => {
  for (const digest of ["sha1", "sha224", "sha256", "sha384", "sha512"] as const) {
    for (const purpose of Object.values(PURPOSE)) {
      for (const saltBytes of [0, 8, 20, 200]) {
        const derivation = {
          digest,
          password: bmpPassword("Matrix ç 😀"),
          salt: new Uint8Array(saltBytes).fill(0xa5),
          purpose,
          iterations: 3,
          bytes: 150,
        };
        assert.equal(portablePkcs12Kdf(derivation), opensslPkcs12Kdf?.(derivation));
      }
    }
  }
});

test.run();
