import type { Context } from "hono";
import * as v from "valibot";
import { AppError } from "../errors.ts";
import type { Environment } from "./environment.ts";

export const MAX_BODY_BYTES = 64 * 1024;

/**
 * The request's JSON body as the schema describes it; a strict schema refuses unknown fields.
 *
 * @throws AppError ERR_MEDIA_TYPE or ERR_INVALID_REQUEST
 */
export async function readBody<Schema extends v.GenericSchema>(
  context: Context<Environment>,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  const mediaType = context.req.header("Content-Type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (mediaType !== "application/json") {
    throw new AppError("ERR_MEDIA_TYPE", "the body must be application/json");
  }
  const body: unknown = await context.req.json().catch(() => {
    throw new AppError("ERR_INVALID_REQUEST", "the body is not JSON");
  });
  const result = v.safeParse(schema, body, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  // Valibot's own text quotes what was received, which may be a secret in the wrong place.
  const field = v.getDotPath(issue) ?? "the body";
  throw new AppError("ERR_INVALID_REQUEST", `${field}: expected ${issue.expected ?? "less"}`);
}
