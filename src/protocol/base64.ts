import * as v from "valibot";

/** Octets; what is no base64 among it is passed over, so that a file may have lines. */
export const base64 = v.pipe(v.string(), v.metadata({ contentEncoding: "base64" }));
