import * as v from "valibot";

/** RFC 3339, UTC; null for one that is not known, or beyond the years 0000 to 9999. */
export const instant = v.nullable(v.pipe(v.string(), v.isoTimestamp()));
