import { counter, gauge, type MetricSource } from "../api/metrics.ts";
import type { Connections } from "./connections.ts";

export function connectionMetrics(connections: Connections): MetricSource[] {
  return [
    gauge("apikey_connections", "Connections that are open.", () => connections.open),
    counter(
      "apikey_connections_total",
      "Connections that were accepted.",
      () => connections.accepted,
    ),
    counter(
      "apikey_connections_turned_away_total",
      "Connections of peers that had too many already.",
      () => connections.turnedAway,
    ),
    counter(
      "apikey_connections_cut_off_total",
      "Connections that sent request after request without reading.",
      () => connections.cutOff,
    ),
    counter("apikey_requests_total", "HTTP requests.", () => connections.requests),
    counter(
      "apikey_requests_refused_total",
      "Requests of peers that had asked for too much.",
      () => connections.refusedRequests,
    ),
  ];
}
