/** Escapes, lies and traces in JavaScript: what of the lists for Python has a meaning there, and what only JavaScript can do. */

import type { TestStatus } from '#contract/sandbox.ts';

export interface JsAttack {
  readonly name: string;
  /** Defines `attack()`, which returns what it got hold of: 'kept in' where it got nothing. */
  readonly source: string;
  readonly ends: readonly TestStatus[];
  /** Runs into the wall limit: only in the long tests. */
  readonly isSlow?: boolean;
}

/** Each expression is tried; what throws, or gives undefined, was kept out. */
const tries = (...expressions: readonly string[]) => `
function attack() {
  const got = [];
  for (const [nth, step] of STEPS.entries()) {
    try {
      const value = step();
      if (value !== undefined && value !== null && value !== false) got.push(nth + ': ' + String(value).slice(0, 50));
    } catch {}
  }
  return got.length === 0 ? 'kept in' : got.join('; ').slice(0, 500);
}
const STEPS = [${expressions.map((each) => `() => (${each})`).join(',\n')}];
`;
const kept = ['pass'] as const;

export const JS_ATTACKS: readonly JsAttack[] = [
  {
    name: 'files, environment, processes, modules of the host',
    source: tries(
      ...[
        'fs',
        'node:fs',
        'child_process',
        'os',
        'net',
        'http',
        'worker_threads',
        'vm',
        'v8',
        'module',
        'std',
        'process',
      ].flatMap((name) => [
        `Object.keys(require(${JSON.stringify(name)})).filter((key) => key !== 'readFileSync').join()||undefined`,
        `process.binding(${JSON.stringify(name)})`,
        `process.getBuiltinModule(${JSON.stringify(name)})`,
      ]),
      ...['/etc/passwd', '/proc/self/environ', '/proc/1/cmdline', '../package.json', 1, 3].map(
        (path) => `require('fs').readFileSync(${JSON.stringify(path)}, 'utf8')`,
      ),
      'Object.keys(process.env).join() || undefined',
      'process.mainModule',
      'process.pid',
      'typeof std !== "undefined"',
      'typeof os !== "undefined"',
      'typeof scriptArgs !== "undefined"',
      'typeof loadScript !== "undefined"',
      'typeof WebAssembly !== "undefined"',
      'typeof __dirname !== "undefined"',
    ),
    ends: kept,
  },
  {
    name: 'the network, timers, workers',
    source: tries(
      ...[
        'fetch',
        'XMLHttpRequest',
        'WebSocket',
        'EventSource',
        'Worker',
        'setTimeout',
        'setInterval',
        'importScripts',
        'Deno',
        'Bun',
      ].map((name) => `typeof ${name} !== 'undefined'`),
    ),
    ends: kept,
  },
  {
    name: 'out of the interpreter by constructors, callers, errors and host functions',
    source: tries(
      `(function () { return this; }).constructor('return process.mainModule')()`,
      `console.log.constructor('return globalThis.process.mainModule')()`,
      `process.stdout.write.constructor('return typeof require("fs").writeFileSync === "function" && 1')()`,
      `(() => { const seen = []; Error.prepareStackTrace = (_, stack) => stack; for (const site of new Error().stack ?? []) seen.push(site.getThis && site.getThis()); return seen.filter(Boolean).join() || undefined; })()`,
      `attack.caller`,
      `Object.getOwnPropertyNames(globalThis).find((name) => /^(ask|tester|expected|check|assert|__ended|output)$/.test(name))`,
      `(() => { const {log} = console; return log.caller ?? (log.arguments && 1); })()`,
      `Reflect.ownKeys(require).filter((key) => !['length', 'name', 'prototype'].includes(key)).join() || undefined`,
    ),
    ends: kept,
  },
  {
    name: 'modules brought in while it runs',
    source:
      "async function attack() {\n  const got = [];\n  for (const name of ['fs', 'node:fs', 'std', 'os', './solution', '/etc/passwd', 'data:text/javascript,1', 'file:///etc/passwd'])\n    try { await import(name); got.push(name); } catch {}\n  return got.join() || 'kept in';\n}",
    ends: ['pass', 'fail_exception'],
  },
  { name: 'endless loop', source: 'function attack() { for (;;); }', ends: ['timeout_cpu'] },
  { name: 'endless loop while it is loaded', source: 'for (;;); function attack() {}', ends: ['timeout_cpu'] },
  {
    name: 'endless loop that catches everything',
    source: 'function attack() { for (;;) try { for (;;); } catch {} finally { for (;;); } }',
    ends: ['timeout_cpu'],
  },
  {
    name: 'promises without end',
    source:
      'function attack() { return new Promise(() => { const again = () => Promise.resolve().then(again); again(); }); }',
    ends: ['timeout_cpu', 'fail_exception', 'memory'],
  },
  {
    name: 'an endless generator as answer',
    source: 'function* attack() { for (;;) yield 1; }',
    ends: ['fail_assert', 'fail_exception', 'timeout_cpu'],
  },
  {
    name: 'loops where its answer is read',
    source: 'function attack() { return { get a() { for (;;); }, toJSON() { for (;;); }, then: undefined }; }',
    ends: ['timeout_cpu'],
  },
  {
    name: 'loops where its error is shown',
    source:
      'function attack() { throw { get name() { for (;;); }, get message() { for (;;); }, toString() { for (;;); } }; }',
    ends: ['timeout_cpu'],
  },
  {
    name: 'loops where its error is shown, while it is loaded',
    source: 'throw { get name() { for (;;); }, toJSON() { for (;;); } };',
    ends: ['timeout_cpu', 'fail_exception'],
  },
  {
    name: 'memory: one allocation',
    source: 'function attack() { return new Uint8Array(2 ** 31 - 1).length; }',
    ends: ['memory', 'fail_exception'],
  },
  {
    name: 'memory: many small ones',
    source: 'function attack() { const hoard = []; for (;;) hoard.push({ a: [hoard.length] }); }',
    // QuickJS throws null where even the error finds no room.
    ends: ['memory', 'timeout_cpu', 'fail_exception'],
  },
  {
    name: 'memory: a text doubled',
    source: "function attack() { let text = 'x'; for (;;) text += text; }",
    ends: ['memory', 'fail_exception'],
  },
  {
    name: 'memory: an array of holes',
    source: 'function attack() { return new Array(2 ** 32 - 1).fill(0).length; }',
    ends: ['memory', 'timeout_cpu', 'fail_exception'],
  },
  {
    name: 'an answer of many megabytes',
    source: "function attack() { return Array(40).fill('x'.repeat(1 << 20)); }",
    ends: ['output_limit', 'memory', 'fail_exception', 'timeout_cpu'],
  },
  {
    name: 'an answer that holds itself',
    source: 'function attack() { const a = []; a.push(a, a); return a; }',
    ends: ['fail_exception', 'fail_assert', 'timeout_cpu', 'memory'],
  },
  {
    name: 'output flood',
    source: "function attack() { for (;;) console.log('x'.repeat(1000)); }",
    ends: ['output_limit'],
  },
  {
    name: 'flood of a single line',
    source: "function attack() { for (;;) process.stdout.write('x'); }",
    ends: ['output_limit', 'timeout_cpu'],
  },
  { name: 'deep recursion', source: 'function attack() { return attack() + 1; }', ends: ['fail_exception'] },
  {
    name: 'deep recursion in the interpreter',
    source:
      'function attack() { let nested = []; for (let n = 0; n < 1e5; n++) nested = [nested]; return JSON.stringify(nested) + String(nested) + nested.flat(Infinity); }',
    ends: ['fail_exception', 'fail_assert', 'timeout_cpu', 'crash_signal'],
  },
  {
    name: 'compile bomb of parentheses',
    source: `function attack() { return ${'('.repeat(20_000)}1${')'.repeat(20_000)}; }`,
    ends: ['syntax_error', 'fail_exception', 'crash_signal'],
  },
  {
    name: 'compile bomb of blocks',
    source: `function attack() { ${'{['.repeat(5000)} }`,
    ends: ['syntax_error', 'fail_exception', 'crash_signal'],
  },
  {
    name: 'compile bomb at run time',
    source:
      "function attack() { for (const open of ['(', '[', '{', '`$' + '{', 'a=>', '!', 'new ', 'f(', '?.[', 'async()=>{']) try { (0, eval)(open.repeat(200000)); } catch {} return 'kept in'; }",
    ends: ['pass', 'memory', 'fail_exception', 'timeout_cpu', 'crash_signal'],
  },
  {
    name: 'a pattern as deep as the stack',
    source:
      "function attack() { for (const n of [1e3, 1e4, 1e5]) try { new RegExp('('.repeat(n) + 'a' + ')'.repeat(n)).test('a'.repeat(n)); JSON.parse('['.repeat(n)); } catch {} return 'kept in'; }",
    ends: ['pass', 'memory', 'fail_exception', 'timeout_cpu', 'crash_signal'],
  },
  {
    name: 'catastrophic regular expression',
    source: "function attack() { return /^(a|a)*$/.test('a'.repeat(40) + 'b'); }",
    ends: ['timeout_cpu', 'timeout_wall'],
    isSlow: true,
  },
  {
    name: 'a number of a billion digits',
    source: 'function attack() { return String((3n ** 3000000n) ** 300n).length; }',
    ends: ['memory', 'fail_exception', 'timeout_cpu', 'timeout_wall'],
    isSlow: true,
  },
  {
    name: 'sleep on shared memory',
    source: 'function attack() { return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); }',
    ends: ['fail_exception', 'timeout_wall'],
    isSlow: true,
  },
  {
    name: 'a crash of the interpreter by its own tools',
    source:
      "function attack() {\n  const a = []; for (let n = 0; n < 2000; n++) a.push(n);\n  a.sort(() => { a.length = 0; a.push({}); return -1; });\n  const b = new ArrayBuffer(8, { maxByteLength: 16 }); const view = new Uint8Array(b);\n  try { b.resize(0); } catch {}\n  try { structuredClone(view); } catch {}\n  const proxy = new Proxy([], { getPrototypeOf() { throw proxy; }, ownKeys() { return [proxy]; } });\n  try { Object.keys(proxy); } catch {}\n  try { [].concat(proxy); } catch {}\n  class A extends Array { static get [Symbol.species]() { return function () { return proxy; }; } }\n  try { new A(3).map((x) => x); } catch {}\n  return 'kept in';\n}",
    ends: ['pass', 'fail_exception', 'timeout_cpu', 'memory', 'crash_signal'],
  },
];

/** Lies against tests of `answer(n, items)`: the sum of n and all items. None may pass. */
export const JS_LIES: readonly {
  readonly name: string;
  readonly source: string;
  /** Tests that do not ask for what it does wrong. */
  readonly unseen?: string;
}[] = [
  {
    name: 'an object that turns into whatever is asked',
    source:
      'let asked = 0;\nconst yes = { valueOf: () => 271831 + asked++, toString: () => "271831", [Symbol.toPrimitive]: (hint) => hint === "number" ? NaN : true };\nfunction answer() { return yes; }',
  },
  {
    name: 'an object of a class, where an empty one is expected',
    source: 'class Any {}\nfunction answer() { return new Any(); }\nfunction empty() { return new Any(); }',
  },
  {
    name: 'a proxy that has every member',
    source:
      'function answer() { return new Proxy(function () {}, { get: (_, key) => key === "length" ? 0 : answer(), has: () => true, apply: () => answer(), getPrototypeOf: () => Number.prototype }); }',
  },
  {
    name: 'patched sameness: Object.is, isArray, JSON, every, map, sort, join',
    source:
      'Object.is = () => true; Array.isArray = () => true; JSON.stringify = () => "[]"; JSON.parse = () => []; Array.prototype.every = () => true; Array.prototype.map = () => []; Array.prototype.sort = function () { return []; }; Array.prototype.join = () => ""; Object.keys = () => []; Object.getPrototypeOf = () => null; Map.prototype.get = () => 1; WeakMap.prototype.get = () => 1; WeakSet.prototype.has = () => false;\nfunction answer() { return 1; }',
  },
  {
    name: 'patched prototypes that the encoding leans on',
    source:
      'Array.prototype[Symbol.iterator] = function* () { yield "v"; yield 271831; };\nObject.defineProperty(Array.prototype, 0, { get: () => "v", set() {} });\nObject.defineProperty(Object.prototype, "toJSON", { value: () => ["v", 271831] });\nfunction answer() { return 0; }',
  },
  {
    name: 'words of the protocol as texts',
    source: 'function answer() { return `["v",271831]`; }\nString.prototype.startsWith = () => true;',
  },
  {
    name: 'a promise of its own making',
    source:
      'Promise.prototype.then = function (done) { done(271831); };\nclass P extends Promise { then(done) { done(271831); } }\nfunction answer() { return P.resolve(0); }',
  },
  {
    name: 'a thenable',
    source: 'function answer() { return { then(done) { done(271831); done(9); } }; }',
  },
  { name: 'process.exit(0)', source: 'function answer() { process.exit(0); }' },
  { name: 'process.exit(0) while it is loaded', source: 'process.exit(0);\nfunction answer() {}' },
  {
    name: 'tests and asserts replaced',
    source:
      'globalThis.test = globalThis.it = globalThis.describe = () => {}; globalThis.assert = new Proxy(() => {}, { get: () => () => {} }); globalThis.expect = () => new Proxy({}, { get: () => () => {} }); globalThis.check = () => {}; globalThis.__ended = { status: "pass" }; require = () => globalThis.assert;\nfunction answer() { return 1; }',
  },
  {
    name: 'an error that looks like a pass',
    source:
      'class Pass extends Error { constructor() { super("OK"); this.name = "pass"; this.status = "pass"; this.code = 0; } }\nfunction answer() { throw new Pass(); }',
  },
  { name: 'undefined thrown', source: 'function answer() { throw undefined; }' },
  { name: 'a promise rejected with nothing', source: 'async function answer() { throw undefined; }' },
  { name: 'null and undefined thrown later', source: 'function answer() { return Promise.reject(null); }' },
  {
    name: 'arguments read for what comes next',
    source: 'function answer() { return arguments.callee?.caller?.arguments?.[0] ?? answer.arguments?.length ?? 0; }',
  },
  {
    name: 'mutated arguments',
    unseen: 'CASES',
    source: 'function answer(n, items) { let total = n; while (items.length) total += items.pop(); return total; }',
  },
  {
    name: 'arguments whose form is forged',
    source:
      'const { stringify } = JSON;\nJSON.stringify = (v) => Array.isArray(v) && v[0] === "v" ? stringify(["v", 0, [null, ["l"]]]) : stringify(v);\nfunction answer() { return 0; }',
  },
  {
    name: 'another type that is loosely equal',
    source: 'function answer(n, items) { return String(items.reduce((a, b) => a + b, n)); }',
  },
  { name: 'a bigint', source: 'function answer(n, items) { return BigInt(items.reduce((a, b) => a + b, n)); }' },
  {
    name: 'a boxed number',
    source: 'function answer(n, items) { return new Number(items.reduce((a, b) => a + b, n)); }',
  },
  { name: 'NaN and -0', source: 'function answer(n) { return n ? NaN : -0; }' },
];

/** What one run leaves is looked for by the next. `find()` must return what it returns after nobody. */
export const JS_TRACES: readonly { readonly name: string; readonly leave: string; readonly find: string }[] = [
  {
    name: 'globals, prototypes, builtins',
    leave:
      'globalThis.left = 1; Object.prototype.left = 1; Array.prototype.push = () => 0; Math.floor = () => 7; JSON.parse = null; Date.now = () => 1; delete globalThis.Map; Object.freeze(globalThis);\nfunction leave() { return 1; }',
    find: 'function find() { return [typeof left, typeof {}.left, [].push(1), Math.floor(1.5), typeof JSON.parse, Date.now(), typeof Map, Object.isFrozen(globalThis), Object.getOwnPropertyNames(globalThis).length].join(); }',
  },
  {
    name: 'chance, the clock, symbols of all, memory',
    leave:
      'for (let n = 0; n < 100; n++) Math.random(); Symbol.for("left"); globalThis.cache = new WeakRef(new Uint8Array(1 << 24)); Math.random = () => 0;\nfunction leave() { return Promise.resolve().then(() => { for (;;) Promise.resolve(); }); }',
    find: 'function find() { return [Math.random(), Date.now(), new Date().getTimezoneOffset(), new Uint8Array(64).join("")].join(); }',
  },
];
