import { randomInt } from "node:crypto";

/** Of all fingerprints in this process. */
export const UUID_SEED = randomInt(2 ** 31);
