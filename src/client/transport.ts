export interface ApiRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
}

export interface ApiResponse {
  readonly status: number;
  /** The parsed JSON body; undefined for none. */
  readonly body?: unknown;
}

/** A way to the API: over a daemon's socket, or to the same routes in this process. */
export interface Transport {
  send(request: ApiRequest): Promise<ApiResponse>;
}
