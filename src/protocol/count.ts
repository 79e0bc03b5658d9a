import * as v from "valibot";

/** 0, 1, 2, … */
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));
