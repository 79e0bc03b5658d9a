import type { Metric, MetricValue, Registry } from "prom-client";
import type { MetricSource } from "../service/metrics.ts";
import { READING } from "./operation.ts";
import { type Route, route } from "./route.ts";

export { counter, gauge, type MetricSource } from "../service/metrics.ts";

export const METRICS_PATH = "/metrics";

/** Prometheus' text format, version 0.0.4. */
export function metricsRoutes(sources: readonly MetricSource[]): Route[] {
  let registry: Promise<Registry> | undefined;
  return [route({
    method: "GET",
    path: METRICS_PATH,
    access: "admin",
    act: "metrics",
    recorded: "refusals",
    operationId: "getMetrics",
    summary: "Metrics for Prometheus",
    responses: { 200: { description: "In Prometheus' text format", mediaType: MEDIA_TYPE } },
    problems: READING,
    async respond() {
      const metrics = await (registry ??= createRegistry(sources));
      const mediaType = metrics.contentType;
      return { status: 200, text: { mediaType, content: await metrics.metrics() } };
    },
  })];
}

/** What is more, its version among it, stands in each answer. */
const MEDIA_TYPE = "text/plain";

/** The package is loaded when first asked for: most daemons are never asked. */
async function createRegistry(sources: readonly MetricSource[]): Promise<Registry> {
  const { Registry } = await import("prom-client");
  const registry = new Registry();
  for (const source of sources) {
    const { name, help, type } = source;
    const get = async () => ({ name, help, type, values: await valuesOf(source) });
    // A registry asks a metric for no more than this.
    registry.registerMetric({ name, get } as unknown as Metric);
  }
  return registry;
}

async function valuesOf(source: MetricSource): Promise<MetricValue<string>[]> {
  if ("read" in source) return [{ value: await source.read(), labels: {} }];
  if ("readAll" in source) {
    return Object.entries(source.readAll()).map(([label, value]) => {
      return { value, labels: { [source.label]: label } };
    });
  }
  const { name, latency } = source;
  const bucket = (le: number | string, value: number) => {
    return { metricName: `${name}_bucket`, value, labels: { le } };
  };
  return [
    ...latency.buckets().map(({ boundMs, count }) => bucket(seconds(boundMs), count)),
    bucket("+Inf", latency.count),
    { metricName: `${name}_sum`, value: seconds(latency.sumMs), labels: {} },
    { metricName: `${name}_count`, value: latency.count, labels: {} },
  ] as MetricValue<string>[];
}

/** Without what a division leaves at the end. */
function seconds(ms: number): number {
  return Number((ms / 1_000).toPrecision(12));
}
