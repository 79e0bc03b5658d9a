import * as v from "valibot";

export const HEALTH_PATH = "/v1/health";

export const healthSchema = v.object({
  /**
   * `degraded`: the keystore's file cannot be opened any more; what was in it last is still good to
   * verify keys by. `unavailable` comes with status 503.
   */
  status: v.picklist(["ok", "degraded", "unavailable"]),
});

export type Health = v.InferOutput<typeof healthSchema>;
