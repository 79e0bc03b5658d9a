import { test } from "uvu";
import * as assert from "uvu/assert";
import { metricsRoutes } from "../../src/api/metrics.ts";
import { LatencyHistogram } from "../../src/service/latency_histogram.ts";

const CALL = {
  peer: undefined,
  header: () => undefined,
  query: undefined,
  parameters: {},
  body: undefined,
};

test("writes counters, gauges and histograms as Prometheus reads them", async () => {
  const latency = new LatencyHistogram();
  for (const ms of [0.001, 0.03, 0.03, 99, 10_000]) latency.observe(ms);
  const counts = { VALID: 3, 'odd "one"\n': 1 };
  let keys = 0;
  const [route] = metricsRoutes([
    { name: "k", help: "Keys.", type: "gauge", read: () => ++keys },
    { name: "v_total", help: "By code.", type: "counter", label: "code", readAll: () => counts },
    { name: "l_seconds", help: "How long.", type: "histogram", latency },
  ]);
  assert.ok(route);
  await route.respond(CALL);
  const { text } = await route.respond(CALL);
  assert.is(text?.mediaType, "text/plain; version=0.0.4; charset=utf-8");
  const lines = String(text?.content).split("\n");
  for (
    const line of [
      "# HELP k Keys.",
      "# TYPE k gauge",
      "k 2",
      "# TYPE v_total counter",
      'v_total{code="VALID"} 3',
      String.raw`v_total{code="odd \"one\"\n"} 1`,
      "# TYPE l_seconds histogram",
      'l_seconds_bucket{le="0.000005"} 1',
      'l_seconds_bucket{le="0.00005"} 3',
      'l_seconds_bucket{le="0.1"} 4',
      'l_seconds_bucket{le="2.5"} 4',
      'l_seconds_bucket{le="+Inf"} 5',
      "l_seconds_sum 10.099061",
      "l_seconds_count 5",
    ]
  ) assert.ok(lines.includes(line), `${line} in\n${text?.content}`);
});

test.run();
