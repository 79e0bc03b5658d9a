import * as v from "valibot";

export const PROBLEM_MEDIA_TYPE = "application/problem+json";

/**
 * RFC 9457, of type `about:blank`, extended by a `code` that never changes its meaning, and by what the
 * daemon's log calls the request.
 */
export const problemSchema = v.object({
  title: v.string(),
  status: v.number(),
  code: v.string(),
  detail: v.optional(v.string()),
  requestId: v.optional(v.string()),
});

export type Problem = v.InferOutput<typeof problemSchema>;
