import type { Keystore } from "../keystore/keystore.ts";
import type { ChangeFeed } from "./change_feed.ts";
import { healthOf } from "./health.ts";
import type { LatencyHistogram } from "./latency_histogram.ts";
import type { VerificationService } from "./verification.ts";

interface Described {
  readonly name: string;
  readonly help: string;
}

/** What is counted somewhere else anyway, and read when somebody asks. */
export type MetricSource =
  | Described & {
    readonly type: "counter" | "gauge";
    readonly read: () => number | Promise<number>;
  }
  | Described & {
    readonly type: "counter" | "gauge";
    readonly label: string;
    /** By the label's value. */
    readonly readAll: () => Readonly<Record<string, number>>;
  }
  | Described & { readonly type: "histogram"; readonly latency: LatencyHistogram };

type Read = () => number | Promise<number>;

/** What only grows. */
export function counter(name: string, help: string, read: Read): MetricSource {
  return { name, help, type: "counter", read };
}

export function gauge(name: string, help: string, read: Read): MetricSource {
  return { name, help, type: "gauge", read };
}

export function keystoreMetrics(keystore: Keystore): MetricSource[] {
  return [
    gauge("apikey_keys", "API keys in the keystore.", () => keystore.keyCount),
    counter(
      "apikey_keystore_saves_total",
      "How often the keystore was written.",
      () => keystore.saves,
    ),
    counter(
      "apikey_keystore_reloads_total",
      "How often another program's keystore was taken over.",
      () => keystore.reloads,
    ),
    gauge(
      "apikey_keystore_readable",
      "1 as long as the keystore's file opens; 0 while its last good state is served.",
      async () => await healthOf(keystore) === "ok" ? 1 : 0,
    ),
  ];
}

export function verificationMetrics(
  verification: VerificationService,
  feed: ChangeFeed,
): MetricSource[] {
  return [
    {
      name: "apikey_verifications_total",
      help: "Keys that were verified, by what came out.",
      type: "counter",
      label: "code",
      readAll: () => verification.counts,
    },
    {
      name: "apikey_verification_duration_seconds",
      help: "How long a verification took, HTTP left out; a batch counts as one.",
      type: "histogram",
      latency: verification.latency,
    },
    gauge("apikey_event_followers", "Clients that follow the events.", () => feed.followers),
  ];
}
