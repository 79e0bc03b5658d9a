import type { Digest, Pkcs12Kdf } from "./pkcs12_kdf.ts";
import type { NativeLibrary } from "./native_library.ts";

const EVP_DIGESTS: Readonly<Record<Digest, string>> = {
  sha1: "EVP_sha1",
  sha224: "EVP_sha224",
  sha256: "EVP_sha256",
  sha384: "EVP_sha384",
  sha512: "EVP_sha512",
};

/**
 * RFC 7292 appendix B.2 by the OpenSSL inside Node's executable: its symbols are exported, unlike
 * Deno's.
 *
 * @returns undefined where the library has no such function
 */
export function opensslPkcs12Kdf(library: NativeLibrary): Pkcs12Kdf | undefined {
  try {
    const i32 = "i32", buffer = "buffer", pointer = "pointer";
    const derive = library.symbol("PKCS12_key_gen_uni", {
      parameters: [buffer, i32, buffer, i32, i32, i32, i32, buffer, pointer],
      result: i32,
    });
    return ({ digest, password, salt, purpose, iterations, bytes }) => {
      const evpDigest = library.symbol(EVP_DIGESTS[digest], { parameters: [], result: pointer })();
      const output = new Uint8Array(bytes);
      // An empty view has no address to pass; its length of 0 keeps the octet from being read.
      const saltOctets = salt.length > 0 ? salt : new Uint8Array(1);
      const status = derive(
        password,
        password.length,
        saltOctets,
        salt.length,
        purpose,
        iterations,
        bytes,
        output,
        evpDigest,
      );
      if (status !== 1) throw new Error("OpenSSL could not derive a PKCS#12 key");
      return output;
    };
  } catch {
    return undefined;
  }
}
