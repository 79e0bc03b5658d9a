/** The passwords of every file that the fuzzer makes. */
export const STORE_PASSWORD = "store";
export { ENTRY_PASSWORD } from "../../src/keystore/api_key_entry.ts";
