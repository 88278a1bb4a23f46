/** Runs hand-made plans on a real store: nodes are driven probes, so that a test decides what each row does and when. */

import type { EventBody } from '#contract/event.ts';
import type { Json, JsonObject } from '#contract/json.ts';
import {
  defineRow,
  defineSource,
  defineWhole,
  type Kind,
  type RowInput,
  type RowOutcome,
  type SourceItem,
} from '#contract/kind.ts';
import type { Plan, PlanLookup, PlanNode, PortAddress } from '#contract/plan.ts';
import { Type } from '#contract/schema.ts';
import type { ServiceHub } from '#contract/services.ts';
import type { Store } from '#contract/store.ts';
import { hashKey, writeFingerprint } from '#keys/key-writer.ts';
import type { RunOptions } from '../../src/run/environment.ts';
import { type RunResult, runPlan } from '../../src/run/run.ts';

const ANY = Type.Any();

export interface ProbeNode {
  readonly id: string;
  readonly kind: Kind;
  readonly config?: JsonObject;
  readonly from?: readonly string[];
  readonly lookups?: {
    readonly [name: string]: {
      readonly from: string;
      readonly match: string;
      readonly missing?: PlanLookup['missing'];
      readonly many?: PlanLookup['many'];
    };
  };
  readonly over?: Partial<PlanNode>;
}

/** A plan of nodes in the order given, which must be an order of dependence. */
export function makePlanOf(nodes: readonly ProbeNode[]): Plan {
  const depths = new Map<string, number>();
  const planned = nodes.map((node) => toPlanNode(node, depths));
  return {
    pipeline: 'test',
    profile: 'default',
    file: '/test/pipeline.yaml',
    dir: '/test',
    nodes: planned,
    budget: { usd: null, confirmAbove: null },
    pools: {},
    endpoints: {},
    models: {},
    resolved: {},
    files: [],
  };
}

function toPlanNode(node: ProbeNode, depths: Map<string, number>): PlanNode {
  const { id, kind, config = {}, from = [], lookups = {}, over = {} } = node;
  const upstream = [...from, ...Object.values(lookups).map((lookup) => lookup.from)].map(
    (text) => toAddress(text).node,
  );
  const depth = upstream.reduce((deepest, name) => Math.max(deepest, (depths.get(name) ?? 0) + 1), 0);
  depths.set(id, depth);
  const outputs = kind.outputs(config as never);
  const names = [...Object.keys(outputs), 'rejected', 'tally', ...('evidence' in outputs ? [] : ['evidence'])];
  const parts = [
    { name: 'kind', value: `${kind.name}@${kind.version}` },
    { name: 'config', value: config as Json },
  ];
  const reads =
    kind.scope === 'row'
      ? { from: kind.reads(config as never) }
      : kind.scope === 'whole'
        ? kind.reads(config as never)
        : {};
  return {
    id,
    at: { file: 'test', start: 0, end: 0 },
    kind,
    entry: { kind, identity: `builtin:${kind.version}` },
    config,
    pending: [],
    inputs: kind.scope === 'source' ? {} : { from: from.map(toAddress) },
    lookups: Object.fromEntries(
      Object.entries(lookups).map(([name, lookup]) => [
        name,
        {
          from: [toAddress(lookup.from)],
          match: lookup.match,
          by: lookup.match,
          missing: lookup.missing ?? 'reject',
          many: lookup.many ?? 'reject',
          reads: '*' as const,
        },
      ]),
    ),
    reads,
    outputs: Object.fromEntries(names.map((name) => [name, { fields: {}, open: true }])),
    carries: Object.fromEntries(names.map((name) => [name, outputs[name]?.carries ?? 'carry'])),
    when: null,
    after: [],
    pool: 'cpu',
    timeoutMs: null,
    retries: 0,
    onFailure: 'finish',
    maxFailures: null,
    allowPartial: false,
    to: null,
    fingerprint: hashKey('fingerprint', writeFingerprint(parts)),
    parts,
    depth,
    facts: {},
    tags: [],
    description: null,
    wanted: true,
    ...over,
  };
}

function toAddress(text: string): PortAddress {
  const [node = text, port = 'out'] = text.split('.');
  return { node, port };
}

// ---- probe kinds ------------------------------------------------------------------------------------------------

export function sourceOf(
  rows: () => AsyncIterable<SourceItem | readonly SourceItem[]> | Iterable<SourceItem>,
  name = 'source',
  version = 1,
): Kind {
  return defineSource({
    name,
    version,
    summary: 'rows of a test',
    example: '',
    config: ANY,
    inputs: {},
    outputs: () => ({ out: { summary: '', carries: 'own', adds: {}, open: true } }),
    async *run() {
      yield* rows() as AsyncIterable<SourceItem>;
    },
  });
}

export function rowOf(
  run: (input: RowInput) => RowOutcome | Promise<RowOutcome>,
  options: {
    name?: string;
    version?: number;
    reads?: readonly string[] | '*';
    reuse?: 'row' | 'node';
    ports?: readonly string[];
    own?: boolean;
    distinct?: boolean;
  } = {},
): Kind {
  const { reads = '*', ports = ['out'] } = options;
  return defineRow()({
    name: options.name ?? 'row',
    version: options.version ?? 1,
    summary: 'a probe',
    example: '',
    config: ANY,
    inputs: { from: { summary: '' } },
    outputs: () =>
      Object.fromEntries(
        ports.map((port) => [
          port,
          { summary: '', carries: options.own ? 'own' : 'carry', adds: {}, open: true } as const,
        ]),
      ),
    lookups: '*',
    reads: () =>
      reads === '*' ? '*' : Object.fromEntries(reads.map((field) => [field, { schema: Type.Any(), optional: true }])),
    ...(options.reuse === undefined ? {} : { reuse: options.reuse }),
    ...(options.distinct === undefined ? {} : { distinct: options.distinct }),
    run,
  });
}

/** Collects its rows into one, which holds their values of `field` in order. */
export function collect(field: string, name = 'collect', reads: '*' | readonly string[] = '*'): Kind {
  return defineWhole({
    name,
    version: 1,
    summary: 'a probe',
    example: '',
    config: ANY,
    inputs: { from: { summary: '' } },
    outputs: () => ({ out: { summary: '', carries: 'own', adds: {}, open: true } }),
    reads: () => ({
      from:
        reads === '*' ? '*' : Object.fromEntries(reads.map((path) => [path, { schema: Type.Any(), optional: true }])),
    }),
    async *run(ctx) {
      const values: Json[] = [];
      for await (const row of ctx.inputs['from']?.rows() ?? []) values.push(row.fields[field] ?? null);
      yield { type: 'row', key: 'all', fields: { values } };
    },
  });
}

// ---- running ----------------------------------------------------------------------------------------------------

const NO_SERVICES: ServiceHub = {
  bind: () => ({}) as ReturnType<ServiceHub['bind']>,
  identity: async () => null,
  close: async () => undefined,
};

export interface EngineRun {
  readonly result: RunResult;
  readonly events: readonly EventBody[];
}

export interface EngineOptions extends Partial<RunOptions> {
  readonly hub?: ServiceHub;
  readonly drain?: AbortSignal;
  readonly stop?: AbortSignal;
}

export async function runEngine(plan: Plan, store: Store, options: EngineOptions = {}): Promise<EngineRun> {
  const events: EventBody[] = [];
  const never = new AbortController().signal;
  const result = await runPlan(
    plan,
    {
      limit: options.limit ?? null,
      rerun: options.rerun ?? new Set(),
      resample: options.resample ?? new Set(),
      freeze: options.freeze ?? true,
      publishUnder: options.publishUnder ?? null,
    },
    {
      store,
      hub: options.hub ?? NO_SERVICES,
      publisher: { publish: async () => ({ written: 0, removed: 0, kept: 0 }) },
      storeFolder: null,
      emit: (event) => void events.push(event),
      drain: options.drain ?? never,
      stop: options.stop ?? never,
      origin: { run: 'test' },
    },
  );
  return { result, events };
}

/** Rows of a port as `[key, fields]`, read back from the store through the node's entry. */
export async function rowsOf(
  run: EngineRun,
  store: Store,
  node: string,
  port = 'out',
): Promise<{ key: string; fields: JsonObject }[]> {
  const { Rows } = await import('../../src/run/rows.ts');
  const { Port } = await import('../../src/run/port.ts');
  const { largeValues } = await import('../../src/run/lookup.ts');
  const found = run.result.nodes.get(node)?.ports[port];
  if (found === undefined) throw new Error(`no port ${node}.${port}`);
  const rows = new Rows(store.blobs);
  const read: { key: string; fields: JsonObject }[] = [];
  for await (const refs of Port.restore(node, port, rows, found).scan()) {
    const bodies = await rows.bodies(
      refs.map(({ digest }) => digest),
      () => node,
    );
    for (const [index, ref] of refs.entries()) {
      const body = bodies[index];
      if (body === undefined) continue;
      const large = await largeValues(rows, body, Object.keys(body.b), node);
      read.push({ key: ref.key, fields: { ...body.i, ...Object.fromEntries(large) } });
    }
  }
  return read;
}
