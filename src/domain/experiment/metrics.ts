/** Measured numbers by key, `condition/seed/metric` and shorter, with where each was read and everything that is wrong with them. */

export interface Metric {
  readonly key: string;
  readonly value: number;
  /** `results.json` or `stdout:12`. */
  readonly from: string;
}

export interface MetricTrouble {
  readonly code:
    | 'metric-conflict'
    | 'metric-not-finite'
    | 'condition-duplicate'
    | 'condition-nameless'
    | 'results-shape';
  readonly reason: string;
}

export interface Metrics {
  readonly metrics: readonly Metric[];
  readonly troubles: readonly MetricTrouble[];
}

/** Collects numbers by key; two that differ are trouble, unless the sort of line lets the later one replace the earlier. */
export class MetricSet {
  readonly #metrics = new Map<string, Metric>();
  readonly troubles: MetricTrouble[] = [];

  /** @param replaces whether a later number of the same key is simply newer, as in a log of epochs */
  add(key: string, value: number, from: string, replaces = false): void {
    if (!Number.isFinite(value)) {
      this.troubles.push({ code: 'metric-not-finite', reason: `${key} is ${value} (${from})` });
      return;
    }
    const known = this.#metrics.get(key);
    if (known !== undefined && known.value !== value && !replaces) {
      const reason = `${key} is ${known.value} (${known.from}) and ${value} (${from})`;
      this.troubles.push({ code: 'metric-conflict', reason });
      return;
    }
    if (known === undefined || replaces) this.#metrics.set(key, { key, value, from });
  }

  trouble(code: MetricTrouble['code'], reason: string): void {
    this.troubles.push({ code, reason });
  }

  result(): Metrics {
    const metrics = [...this.#metrics.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    return { metrics, troubles: this.troubles };
  }
}

/** The file is the source and standard output fills what it lacks; a key that both give, differently, is trouble. */
export function mergeMetrics(file: Metrics | null, stdout: Metrics): Metrics {
  if (file === null) return stdout;
  const merged = new MetricSet();
  for (const { key, value, from } of [...file.metrics, ...stdout.metrics]) merged.add(key, value, from);
  const { metrics, troubles } = merged.result();
  return { metrics, troubles: [...file.troubles, ...stdout.troubles, ...troubles] };
}
