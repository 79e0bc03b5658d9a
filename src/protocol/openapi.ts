import * as v from "valibot";

export const OPENAPI_PATH = "/v1/openapi.json";

/** Whatever OpenAPI has more. */
const more = v.unknown();

/** The description of the API itself: OpenAPI 3.1. */
export const openApiSchema = v.objectWithRest({
  openapi: v.pipe(v.string(), v.regex(/^3\.1\.\d+$/)),
  info: v.objectWithRest({ title: v.string(), version: v.string() }, more),
  paths: v.record(v.string(), v.record(v.string(), more)),
}, more);
