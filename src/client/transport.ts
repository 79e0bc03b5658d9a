export interface ApiRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
}

export interface ApiResponse {
  readonly status: number;
  /** The parsed JSON body; undefined for none. */
  readonly body: unknown;
}

/** A way to the API: over a daemon's socket, or into the same app in this process. */
export interface Transport {
  send(request: ApiRequest): Promise<ApiResponse>;
}

/** @returns undefined for an empty text, and for what is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
