/** JavaScript that runs inside QuickJS: the codec of both sides, what the candidate meets, and what its tests have at hand. */

/** Values as JSON with a tag for all that JSON lacks. What has no data form becomes a handle, equal to nothing but itself. */
const CODEC = `
const {isArray} = Array, {stringify, parse} = JSON, {getPrototypeOf, keys, is, prototype: objectPrototype} = Object;
const plain = (v) => v === null || typeof v === 'boolean' || typeof v === 'string' || (typeof v === 'number' && Number.isFinite(v) && !is(v, -0));
function encode(v, keep, depth = 0) {
  if (plain(v)) return v;
  if (v === undefined) return ['u'];
  if (typeof v === 'number') return ['n', is(v, -0) ? '-0' : String(v)];
  if (typeof v === 'bigint') return ['i', v.toString()];
  if (typeof v === 'symbol' || typeof v === 'function' || depth > 200) return keep(v);
  if (isArray(v)) {
    const out = ['l'];
    for (let at = 0; at < v.length; at++) out[at + 1] = encode(v[at], keep, depth + 1);
    return out;
  }
  const proto = getPrototypeOf(v);
  if (proto === Map.prototype) return ['m', ...[...v].map(([k, x]) => [encode(k, keep, depth + 1), encode(x, keep, depth + 1)])];
  if (proto === Set.prototype) return ['s', ...[...v].map((x) => encode(x, keep, depth + 1))];
  if (proto === Date.prototype) return ['d', +v];
  if (proto === RegExp.prototype) return ['r', v.source, v.flags];
  if (proto === Uint8Array.prototype) return ['b', ...v];
  if (proto === Error.prototype || v instanceof Error) return ['e', String(v.name), String(v.message)];
  if (proto === objectPrototype || proto === null) return ['o', ...keys(v).map((k) => [k, encode(v[k], keep, depth + 1)])];
  return keep(v);
}
function decode(f, revive) {
  if (!isArray(f)) { if (plain(f)) return f; throw new TypeError('no value'); }
  const [tag, ...rest] = f, each = () => rest.map((x) => decode(x, revive));
  switch (tag) {
    case 'u': return undefined;
    case 'n': return Number(rest[0]);
    case 'i': return BigInt(rest[0]);
    case 'l': return each();
    case 'm': return new Map(rest.map(([k, x]) => [decode(k, revive), decode(x, revive)]));
    case 's': return new Set(each());
    case 'd': return new Date(Number(rest[0]));
    case 'r': return new RegExp(String(rest[0]), String(rest[1]));
    case 'b': return new Uint8Array(rest.map(Number));
    case 'e': return Object.assign(new Error(String(rest[1])), {name: String(rest[0])});
    case 'o': {
      const out = {};
      for (const [k, x] of rest) Object.defineProperty(out, String(k), {value: decode(x, revive), enumerable: true, writable: true, configurable: true});
      return out;
    }
    case 'h': return revive(rest);
    default: throw new TypeError('no value');
  }
}`;

/** The clock stands and chance is a sequence; both depend on the seed of the run, so that what leans on them shows. */
const FROZEN = `
(() => {
  const Real = Date, at = 1577836800000 + SEED * 97000001;
  function Frozen(...args) {
    if (!new.target) return new Real(at).toString();
    return Reflect.construct(Real, args.length === 0 ? [at] : args, new.target);
  }
  Frozen.prototype = Real.prototype;
  Real.prototype.constructor = Frozen;
  Frozen.now = () => at;
  Frozen.parse = Real.parse;
  Frozen.UTC = Real.UTC;
  globalThis.Date = Frozen;
  let state = 2463534242 + SEED * 362437;
  Math.random = () => {
    state ^= state << 13; state ^= state >>> 17; state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
  delete globalThis.performance;
})();`;

/** @returns an expression: a function of (output, stdin) that gives the function which serves one order */
export function candidateCode(seed: number): string {
  return `(output, stdin) => {
const SEED = ${seed};
${FROZEN}
${CODEC}
const show = (v) => typeof v === 'string' ? v : typeof v === 'bigint' ? String(v) : v instanceof Error ? String(v) : typeof v === 'object' && v !== null ? stringify(v) : String(v);
const log = (...args) => output(args.map(show).join(' ') + '\\n');
globalThis.console = {log, info: log, debug: log, error() {}, warn() {}, trace() {}};
globalThis.process = {argv: ['node', 'main.js'], env: {}, exit() { throw new Error('process.exit'); }, stdout: {write: (text) => (output(String(text)), true)}};
const fs = {readFileSync: (file) => { if (file === 0 || file === '/dev/stdin') return stdin; throw new Error('there are no files'); }};
globalThis.module = {exports: {}};
globalThis.exports = module.exports;
globalThis.require = (name) => { if (/^(node:)?fs$/.test(name)) return fs; throw new Error('there is no module ' + name); };
const handles = [];
const keep = (v) => ['h', handles.push(v) - 1, typeof v, String(v?.constructor?.name).slice(0, 100)];
const evaluate = globalThis.eval;
const find = (name) => {
  if (typeof name === 'number') return handles[name];
  const [head, ...path] = name.split('.');
  let found = Object.hasOwn(module.exports, head) ? module.exports[head] : head === 'default' ? module.exports : evaluate('typeof ' + head + " === 'undefined' ? undefined : " + head);
  if (found === undefined && typeof module.exports === 'function') found = module.exports;
  for (const part of path) found = found[part];
  return found;
};
const settle = (value) => {
  const promise = {state: 'pending'};
  handles.push(promise);
  value.then((v) => Object.assign(promise, {state: 'done', value: v}), (e) => Object.assign(promise, {state: 'failed', value: e}));
  return stringify(['p', handles.length - 1]);
};
const threw = (error) => {
  let name = 'Error', text = '';
  try { name = String(error?.name ?? typeof error).slice(0, 100); text = String(error?.message ?? error).slice(0, 500); } catch {}
  return stringify(['x', name, text]);
};
return (order) => {
  try {
    const [act, target, ...rest] = parse(order);
    if (act === 'kind') { const found = find(target); return stringify(found === undefined ? 'absent' : typeof found); }
    if (act === 'data') return stringify(['v', encode(find(target), keep)]);
    if (act === 'get') return stringify(['v', encode(handles[target][rest[0]], keep)]);
    if (act === 'settled') {
      const {state, value} = handles[target];
      return state === 'pending' ? stringify(['x', 'Error', 'its promise is never settled']) : state === 'failed' ? threw(value) : stringify(['v', encode(value, keep)]);
    }
    const revive = ([handle]) => handles[handle];
    const args = rest[0].map((form) => decode(form, revive));
    const callee = find(target);
    if (callee === undefined) throw new ReferenceError(target + ' is not defined');
    const holder = act === 'new' ? null : typeof target === 'string' && target.includes('.') ? find(target.slice(0, target.lastIndexOf('.'))) : rest[1] === undefined ? undefined : handles[rest[1]];
    const value = act === 'new' ? Reflect.construct(callee, args) : Reflect.apply(callee, holder, args);
    if (value instanceof Promise) return settle(value);
    const reply = ['v', encode(value, keep)];
    const after = args.map((arg) => encode(arg, () => null));
    if (stringify(after) !== stringify(rest[0])) reply.push(after);
    return stringify(reply);
  } catch (error) {
    return threw(error);
  }
};
}`;
}

/** @returns an expression: a function of (ask, applies) that gives what the host drives the tests by */
export function testerCode(seed: number): string {
  return `(ask, applies) => {
const SEED = ${seed};
${FROZEN}
${CODEC}
const session = {calls: 0, mutated: false, taken: []};
class AssertionError extends Error { get name() { return 'AssertionError'; } }
class Relayed extends Error {}
const refuse = (v) => { const handle = handleOf.get(v); if (handle !== undefined) return ['h', handle]; throw new NotData('a ' + typeof v + ' cannot be handed to a candidate elsewhere'); };
class NotData extends Error {}
const handleOf = new WeakMap();
class Opaque {}
const revive = ([handle, kind, name]) => {
  if (typeof handle !== 'number') throw new TypeError('handle');
  // Of a class of its own: it is no plain object, and equals none.
  const target = kind === 'function' ? function () {} : new Opaque();
  const proxy = new Proxy(target, {
    get: (_, key) => typeof key === 'symbol' || key === 'then' || key === 'toJSON' ? undefined : read(ask(stringify(['get', handle, key])), handle),
    apply: (_, __, args) => call(handle, args, holderOf.get(proxy)),
    construct: (_, args) => construct(handle, args),
  });
  handleOf.set(proxy, handle);
  return proxy;
};
const holderOf = new WeakMap();
const read = (raw, holder) => {
  const reply = parse(raw);
  if (!isArray(reply)) throw new TypeError('reply');
  if (reply[0] === 'x') {
    const known = {TypeError, RangeError, ReferenceError, SyntaxError, EvalError, URIError}[reply[1]] ?? Error;
    const error = new known(String(reply[2]));
    Object.defineProperty(error, 'name', {value: String(reply[1])});
    relayed.add(error);
    throw error;
  }
  if (reply[0] !== 'v') throw new TypeError('reply');
  const value = decode(reply[1], revive);
  if (holder !== undefined && typeof value === 'function') holderOf.set(value, holder);
  session.after = reply[2];
  return value;
};
const relayed = new WeakSet();
const send = (order, args) => {
  session.calls++;
  session.after = undefined;
  const value = read(ask(stringify(order)));
  const {after} = session;
  if (after !== undefined) {
    session.mutated = true;
    if (applies) args.forEach((arg, at) => { if (after[at] !== null) apply(arg, decode(after[at], revive)); });
  }
  return value;
};
const apply = (ours, theirs) => {
  if (isArray(ours) && isArray(theirs)) { ours.length = 0; ours.push(...theirs); }
  else if (ours instanceof Map || ours instanceof Set) { ours.clear(); for (const x of theirs) ours instanceof Map ? ours.set(...x) : ours.add(x); }
  else if (typeof ours === 'object' && ours !== null && getPrototypeOf(ours) === objectPrototype) { for (const k of keys(ours)) delete ours[k]; Object.assign(ours, theirs); }
};
const call = (target, args, holder) => send(['call', target, args.map((arg) => encode(arg, refuse)), holder], args);
const construct = (target, args) => send(['new', target, args.map((arg) => encode(arg, refuse))], args);
const entryOf = (name) => new Proxy(function () {}, {apply: (_, __, args) => call(name, args), construct: (_, args) => construct(name, args)});
const form = (v) => stringify(encode(v, (x) => ['h', handleOf.get(x) ?? -1, Math.random()]));
const same = (a, b, tolerance) => {
  if (typeof a === 'number' && typeof b === 'number') return is(a, b) || a === b || (tolerance !== undefined && Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b)));
  if (isArray(a) && isArray(b)) return a.length === b.length && a.every((x, at) => same(x, b[at], tolerance));
  if (a && b && typeof a === 'object' && typeof b === 'object' && getPrototypeOf(a) === objectPrototype && getPrototypeOf(b) === objectPrototype)
    return keys(a).length === keys(b).length && keys(a).every((k) => Object.hasOwn(b, k) && same(a[k], b[k], tolerance));
  if (a instanceof Set && b instanceof Set) return a.size === b.size && [...a].map(form).sort().join() === [...b].map(form).sort().join();
  if (a instanceof Map && b instanceof Map) return a.size === b.size && [...a].map(form).sort().join() === [...b].map(form).sort().join();
  return a === b || form(a) === form(b);
};
const loose = (a, b) => a == b || same(a, b);
const hold = (condition, message, otherwise) => { if (!condition) throw message instanceof Error ? message : new AssertionError(message ?? otherwise ?? 'assertion failed'); };
const throwing = (f, wanted) => {
  try { f(); } catch (error) {
    if (error instanceof NotData) throw error;
    if (wanted === undefined || wanted === null || typeof wanted === 'string') return true;
    if (wanted instanceof RegExp) return wanted.test(String(error.message)) || wanted.test(String(error));
    if (typeof wanted === 'function') return wanted.prototype !== undefined && (error instanceof wanted || error.name === wanted.name) || (wanted.prototype === undefined && wanted(error) === true);
    return keys(wanted).every((k) => wanted[k] instanceof RegExp ? wanted[k].test(error[k]) : same(error[k], wanted[k]));
  }
  return false;
};
const assert = Object.assign((v, message) => hold(v, message), {
  ok: (v, message) => hold(v, message),
  fail: (message) => hold(false, message),
  equal: (a, b, message) => hold(a == b || (a !== a && b !== b), message),
  notEqual: (a, b, message) => hold(a != b, message),
  strictEqual: (a, b, message) => hold(is(a, b), message),
  notStrictEqual: (a, b, message) => hold(!is(a, b), message),
  deepEqual: (a, b, message) => hold(loose(a, b), message),
  deepStrictEqual: (a, b, message) => hold(same(a, b), message),
  notDeepEqual: (a, b, message) => hold(!loose(a, b), message),
  notDeepStrictEqual: (a, b, message) => hold(!same(a, b), message),
  throws: (f, wanted, message) => hold(throwing(f, wanted), message, 'it does not throw that'),
  doesNotThrow: (f) => void f(),
  match: (text, pattern, message) => hold(pattern.test(text), message),
  AssertionError,
});
assert.strict = assert;
const expect = (v) => {
  const on = (negate) => {
    const so = (condition) => hold(negate ? !condition : condition);
    return {
      toBe: (w) => so(is(v, w)), toEqual: (w) => so(same(v, w)), toStrictEqual: (w) => so(same(v, w)),
      toBeTruthy: () => so(!!v), toBeFalsy: () => so(!v), toBeNull: () => so(v === null), toBeUndefined: () => so(v === undefined), toBeDefined: () => so(v !== undefined),
      toBeNaN: () => so(v !== v), toBeGreaterThan: (w) => so(v > w), toBeGreaterThanOrEqual: (w) => so(v >= w), toBeLessThan: (w) => so(v < w), toBeLessThanOrEqual: (w) => so(v <= w),
      toBeCloseTo: (w, digits = 2) => so(Math.abs(v - w) < 10 ** -digits / 2), toContain: (w) => so(v.includes(w)), toContainEqual: (w) => so(v.some((x) => same(x, w))),
      toHaveLength: (w) => so(v.length === w), toMatch: (w) => so(typeof w === 'string' ? v.includes(w) : w.test(v)), toThrow: (w) => so(throwing(v, typeof w === 'string' ? new RegExp(w.replace(/[.*+?^$(){}|[\\]\\\\]/g, '\\\\$&')) : w)),
    };
  };
  return Object.assign(on(false), {not: on(true)});
};
const pending = [];
const test = (_, f) => { const made = f(); if (made instanceof Promise) pending.push(made); };
const quiet = () => {};
Object.assign(globalThis, {assert, expect, test, it: test, describe: (_, f) => f(), beforeEach: (f) => f(), console: {log: quiet, error: quiet, warn: quiet, info: quiet}, module: {exports: {}}});
let entry = '';
const solution = new Proxy({}, {get: (_, name) => typeof name === 'symbol' ? undefined : name === entry || name === 'default' ? entryOf(entry) : take(name)});
globalThis.require = (name) => /^(node:)?assert(\\/strict)?$/.test(name) ? assert : /^(node:)?test$/.test(name) ? {test, it: test, describe: globalThis.describe} : solution;
const take = (name) => {
  const kind = parse(ask(stringify(['kind', name])));
  if (kind === 'absent') return undefined;
  session.taken.push(name);
  return read(ask(stringify(['data', name])));
};
const verdict = (error) => {
  if (error === undefined) return {status: 'pass', detail: ''};
  if (error instanceof NotData) return {status: 'unsplittable', detail: error.message};
  const text = error instanceof Error ? error.name + ': ' + error.message : String(error);
  return {status: error instanceof AssertionError && !relayed.has(error) ? 'fail_assert' : 'fail_exception', detail: text.slice(0, 300)};
};
return {
  enter: (name) => { entry = name; if (!name.includes('.')) globalThis[name] = entryOf(name); },
  begin: (made) => { pending.push(made); },
  state: () => stringify(session),
  settle: () => { globalThis.__ended = undefined; Promise.all(pending).then(() => { globalThis.__ended = verdict(); }, (error) => { globalThis.__ended = verdict(error ?? new Error('rejected')); }); },
  ended: () => stringify(globalThis.__ended ?? {status: 'fail_exception', detail: 'a promise is never settled'}),
  threw: (error) => stringify(verdict(error)),
  run: (text) => {
    const revivePlain = (v) => isArray(v) ? v.map(revivePlain) : v && typeof v === 'object' ? ('$literal' in v && keys(v).length === 1 ? (0, eval)('(' + v.$literal + ')') : Object.fromEntries(keys(v).map((k) => [k, revivePlain(v[k])]))) : v;
    const {args, expected, throws, tolerance} = parse(text);
    try {
      const given = call(entry, args.map(revivePlain));
      if (throws !== undefined) return stringify({status: 'fail_assert', detail: 'it does not throw ' + throws});
      return stringify(same(given, revivePlain(expected), tolerance) || (expected === undefined && given === undefined) ? verdict() : {status: 'fail_assert', detail: 'another result than expected'});
    } catch (error) {
      if (throws !== undefined && relayed.has(error) && error.name === throws) return stringify(verdict());
      return stringify(verdict(error));
    }
  },
};
}`;
}
