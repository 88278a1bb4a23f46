/**
 * The shape of a manifest as JSON Schema: everything but the config of kinds. The loader checks against it, and
 * schemas/pipeline.schema.json is made from it, so an editor and `sluice check` agree.
 */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the manifest's own syntax, in descriptions

import type { Json, JsonObject } from '#contract/json.ts';

const text = (description: string): JsonObject => ({ type: 'string', minLength: 1, description });
const count = (description: string, least = 0): JsonObject => ({ type: 'integer', minimum: least, description });
const flag = (description: string): JsonObject => ({ type: 'boolean', description });
const texts = (description: string): JsonObject => ({ type: 'array', items: { type: 'string' }, description });
const textOrTexts = (description: string): JsonObject => ({
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'array', items: { type: 'string', minLength: 1 } },
  ],
  description,
});
const closed = (description: string, properties: JsonObject, required: readonly string[] = []): JsonObject => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...(required.length === 0 ? {} : { required }),
  description,
});
const mapOf = (description: string, values: Json): JsonObject => ({
  type: 'object',
  additionalProperties: values,
  description,
});
const duration = (description: string): JsonObject => ({
  type: 'string',
  pattern: '^(?:[0-9]+(?:\\.[0-9]+)?(?:ms|s|m|h|d))+$',
  description: `${description} A duration: 500ms, 30s, 5m, 1h30m.`,
});

/** Parameters that can change an answer. Also the target of `#/$defs/sampling` in the configs of kinds. */
export const samplingSchema: JsonObject = closed('Parameters of a request; all of them are part of its key.', {
  temperature: { type: 'number', minimum: 0, description: 'Randomness of the answer; 0 is the least.' },
  top_p: {
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 1,
    description: 'Share of the probability mass to draw from.',
  },
  max_tokens: count('Most tokens of an answer. Also what the budget reserves.', 1),
  seed: { type: 'integer', description: 'Sent to endpoints that support it.' },
  stop: texts('Texts at which the answer ends.'),
  frequency_penalty: { type: 'number', minimum: -2, maximum: 2 },
  presence_penalty: { type: 'number', minimum: -2, maximum: 2 },
  reasoning_effort: text('For reasoning models: low, medium, high.'),
  extra: { type: 'object', description: 'Sent as it is, for what the OpenAI schema lacks.' },
});

const endpoint = closed('An account at a provider: address, key and limits.', {
  provider: {
    enum: ['openai', 'replay'],
    description: '`openai`: any OpenAI-compatible endpoint. `replay`: recorded answers only.',
  },
  base_url: text('Address of the API, up to and including /v1.'),
  api_key: { description: 'A reference, `${secret.NAME}`; never the key itself.' },
  identity: text('Stands for scheme, host and path in call keys, so that a moved endpoint keeps its answers.'),
  recordings: text('Folder of recorded answers, relative to the manifest; for `replay`.'),
  headers: mapOf('Extra headers; values may hold `${secret.NAME}`.', { type: 'string' }),
  limits: closed('Limits of the account.', {
    concurrency: count('Most requests in flight; 16 unless told.', 1),
    rpm: count('Most requests a minute.', 1),
    tpm: count('Most tokens a minute.', 1),
  }),
  timeouts: closed('Deadlines of one request.', {
    connect: duration('Until connected; 10s unless told.'),
    first_byte: duration('Until the first byte of the answer; 2m unless told.'),
    total: duration('Until the whole answer is there; 10m unless told.'),
  }),
  retries: count('How often a request is sent again after a 429, a 5xx or a broken connection; 4 unless told.'),
  outage: duration('How long calls wait, after their retries, for an endpoint that cannot be reached; 1m unless told.'),
});

const remote = (what: string, variable: string, secret: string): JsonObject =>
  closed(`${what}; nothing of it is part of a key.`, {
    base_url: text(`Address of the API; $${variable} unless told, else the public one.`),
    token: { description: `A reference; \`\${secret.${secret}}\` unless told, where there is one.` },
    concurrency: count('Most requests in flight; 8 unless told.', 1),
    retries: count('How often a request is sent again after a limit, a 5xx or a broken connection; 5 unless told.'),
    backoff: duration('Wait before the first repeat, doubled for each one after it; 500ms unless told.'),
    timeouts: closed('Deadlines of one request.', {
      connect: duration('Until connected; 10s unless told.'),
      idle: duration('Without a byte; 30s unless told.'),
      total: duration('Until all is there, besides what its size allows for; 2m unless told.'),
    }),
  });

const remotes = closed('Where datasets come from that are not files.', {
  hub: remote('The Hugging Face hub, for `hf://owner/name`', 'HF_ENDPOINT', 'HF_TOKEN'),
  github: remote("GitHub's REST API, for `github://`", 'GITHUB_API_URL', 'GITHUB_TOKEN'),
});

const model = closed(
  'A model alias that nodes use.',
  {
    endpoint: text('An entry of `endpoints`.'),
    model: text("The provider's name of the model."),
    family: text('Models of one family do not judge each other; for example kimi, qwen, deepseek.'),
    price: closed(
      'USD per million tokens; without it a run cannot keep a budget.',
      { input: { type: 'number', minimum: 0 }, output: { type: 'number', minimum: 0 } },
      ['input', 'output'],
    ),
    sampling: { $ref: '#/$defs/sampling' },
    fallback: textOrTexts('Models that answer in its place, in this order, while its endpoint does not.'),
  },
  ['endpoint', 'model'],
);

const lookup = closed(
  'Rows of another node, joined by a field.',
  {
    from: textOrTexts('A node, or node.port.'),
    match: text('The field of the looked-up row.'),
    by: text("The field of this node's row that must equal it; the same name unless told."),
    missing: {
      enum: ['reject', 'null', 'fail', null],
      description: 'What to do where there is none; reject unless told.',
    },
    many: { enum: ['reject', 'first', 'list'], description: 'What to do where there are several; reject unless told.' },
  },
  ['from', 'match'],
);

/** Keys that every node may have. Everything else of a node is the config of its kind. */
export const commonNodeProperties: JsonObject = {
  kind: text('What the node does; `sluice kinds` lists them.'),
  from: {
    anyOf: [
      { type: 'string', minLength: 1 },
      { type: 'array', items: { type: 'string', minLength: 1 } },
      { type: 'object', additionalProperties: textOrTexts('A node, node.port or node.*, or a list of them.') },
    ],
    description: 'Where rows come from: node, node.port or node.*; a list is a union; a map names inputs.',
  },
  with: mapOf('Lookups by name.', lookup),
  description: text('For people.'),
  tags: textOrTexts('For `--select tag:x`.'),
  enabled: flag('false leaves the node out of runs.'),
  pool: text('What limits how many of its actions run at once: an entry of `pools`, `cpu` or `sandbox`.'),
  timeout: duration('For one action.'),
  retries: { type: 'integer', minimum: 0, maximum: 20, description: 'How often a failed action is tried again.' },
  on_failure: {
    enum: ['finish', 'stop'],
    description: '`finish`: other rows go on, then the node is failed. `stop`: the first failure ends the node.',
  },
  max_failures: count('Failures after which the node stops.'),
  allow_partial: flag('Let a whole node run although some rows upstream failed; printed and part of its key.'),
  salt: { type: ['string', 'integer'], description: 'Part of the key: change it to do the work again.' },
  when: text(
    'A CEL condition over evidence, as in verdict.accepted. Decides whether the node runs; never part of a key.',
  ),
  after: textOrTexts('Nodes that must have ended before this one starts.'),
  to: text('Folder that the node publishes, below the manifest.'),
  matrix: {
    type: 'object',
    minProperties: 1,
    additionalProperties: { type: 'array', minItems: 1, items: { type: ['string', 'number', 'boolean'] } },
    description: 'Lists of values: the node is repeated for each combination, as node@key=value.',
  },
};

export const commonNodeKeys: readonly string[] = Object.keys(commonNodeProperties);

/** Everything at the top but `nodes`, `defaults` and `profiles`, whose values depend on kinds. */
export const topProperties: JsonObject = {
  sluice: { const: 1, description: 'Version of the manifest language.' },
  name: {
    type: 'string',
    pattern: '^[A-Za-z][A-Za-z0-9_.-]*$',
    description: 'Name of the pipeline; spending is counted under it.',
  },
  description: text('For people.'),
  params: { type: 'object', description: 'Values for `${params.name}`: a value, or {default, enum, type}.' },
  params_files: {
    type: 'array',
    items: {
      anyOf: [
        { type: 'string', minLength: 1 },
        closed('A file of params.', { path: text('YAML, JSON or TOML.'), optional: flag('May be absent.') }, ['path']),
      ],
    },
    description: 'Files whose values are laid over `params`.',
  },
  include: textOrTexts('Manifests laid under this one.'),
  endpoints: mapOf('Accounts at providers.', endpoint),
  models: mapOf('Model aliases.', model),
  datasets: remotes,
  budget: closed('What a run may cost.', {
    usd: { type: 'number', minimum: 0, description: 'Most USD that this pipeline may spend, all runs together.' },
    confirm_above: { type: 'number', minimum: 0, description: 'Ask before a run that is estimated to cost more.' },
  }),
  pools: mapOf('How many actions of a pool run at once.', count('Most actions at once.', 1)),
  kinds: texts("Modules of your own kinds, relative to the manifest: ['./my-kind.ts']."),
  env_files: texts('Files of secrets, read after the environment; `.env` unless told.'),
};

export const shapeSchema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'nodes'],
  properties: {
    ...topProperties,
    // Its own checks name the version, and nothing that depends on it.
    sluice: {},
    defaults: { type: 'object', additionalProperties: { type: 'object' } },
    profiles: { type: 'object', additionalProperties: { type: 'object' } },
    nodes: {
      type: 'object',
      minProperties: 1,
      additionalProperties: { type: 'object', required: ['kind'], properties: commonNodeProperties },
    },
  },
  $defs: { sampling: samplingSchema },
};

export const topKeys: readonly string[] = [...Object.keys(topProperties), 'defaults', 'profiles', 'nodes'];
