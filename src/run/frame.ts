/** From refs to what a kind is given: bodies loaded, rows joined, projected and keyed. A frame costs one request each, not a row. */

import { Failure } from '#contract/failure.ts';
import type { Digest, Json } from '#contract/json.ts';
import type { Looked, RowInput, RowOutcome } from '#contract/kind.ts';
import type { PlanNode } from '#contract/plan.ts';
import type { RowBody, RowRef } from '#contract/row.ts';
import { hashKey, writeActionKey } from '#keys/key-writer.ts';
import {
  fieldsBehindDigest,
  fieldsBehindValue,
  type Projection,
  projectFields,
  projectionDigest,
  toProjection,
  wholeRowDigest,
} from '#keys/projection.ts';
import { deepFreeze } from '#util/deep-freeze.ts';
import type { EntryBook } from './entries.ts';
import { type ActionKeysEntry, KnownActions } from './known-actions.ts';
import { type Found, type LookupTable, largeValues } from './lookup.ts';
import type { Port } from './port.ts';
import type { Rows } from './rows.ts';
import { makeShapeCheck, type ShapeCheck } from './shape.ts';

/** A row on its way to an action. */
export interface Candidate {
  readonly ref: RowRef;
  /** Null until it is asked for, where the action's key is known without it. */
  body: RowBody | null;
  /** The node whose port holds it. */
  readonly owner: string;
  readonly action: Digest;
  readonly found: { readonly [name: string]: Found };
}

/** A row that is decided before any action: a join that failed. */
export type Decided = { readonly body: RowBody; readonly outcome: RowOutcome | Failure };

export class Framer {
  readonly #node: PlanNode;
  readonly #rows: Rows;
  readonly #tables: readonly LookupTable[];
  readonly #projection: Projection;
  readonly #needsKey: boolean;
  readonly #shape: ShapeCheck;
  readonly #freeze: boolean;

  /** @param needsKey false for kinds reused only as whole nodes, whose action keys nobody asks for */
  constructor(node: PlanNode, rows: Rows, tables: readonly LookupTable[], needsKey: boolean, freeze: boolean) {
    this.#node = node;
    this.#rows = rows;
    this.#tables = tables;
    const reads = node.reads['from'] ?? {};
    this.#projection = toProjection(reads);
    this.#needsKey = needsKey;
    this.#shape = makeShapeCheck(reads);
    this.#freeze = freeze;
  }

  /** Of rows on an edge, where knowing their actions saves reading them; else null. */
  knownActions(port: Port, book: EntryBook<ActionKeysEntry>): KnownActions | null {
    const isVain = !this.#needsKey || this.#projection.all || this.#tables.length > 0;
    return isVain ? null : new KnownActions(port, this.#node.fingerprint, this.#projection, book);
  }

  /**
   * @param known action keys, where they are known
   * @param note told of those that were worked out, in the order of `refs`
   * @throws LostBody
   */
  async frame(
    refs: readonly RowRef[],
    owner: string,
    known: readonly Digest[] | null = null,
    note: (keys: readonly Digest[]) => void = () => undefined,
  ): Promise<(Candidate | Decided)[]> {
    if (known !== null)
      return refs.map((ref, nth) => ({ ref, body: null, owner, found: {}, action: known[nth] ?? '' }));
    if (this.#needsKey && this.#projection.all && this.#tables.length === 0)
      return refs.map((ref) => {
        const action = this.#keyOf(wholeRowDigest(ref.key, ref.digest), {});
        return { ref, body: null, owner, found: {}, action };
      });
    const bodies = await this.#rows.bodies(
      refs.map((ref) => ref.digest),
      () => owner,
    );
    const rows: (Candidate | Decided)[] = [];
    const worked: Digest[] = [];
    for (const [index, ref] of refs.entries()) {
      const body = bodies[index];
      if (body === undefined) continue;
      const found: { [name: string]: Found } = {};
      let decided: RowOutcome | Failure | null = null;
      for (const table of this.#tables) {
        const result = await table.find(body, owner);
        found[table.name] = result;
        decided ??= this.#decide(table.name, result);
      }
      if (decided !== null) rows.push({ body, outcome: decided });
      else {
        const action = this.#needsKey ? this.#keyOf(await this.#projected(ref, body, owner), found) : '';
        worked.push(action);
        rows.push({ ref, body, owner, found, action });
      }
    }
    if (worked.length === refs.length) note(worked);
    return rows;
  }

  /** Gives bodies to candidates that have none. @throws LostBody */
  async read(candidates: readonly Candidate[]): Promise<void> {
    const open = candidates.filter(({ body }) => body === null);
    if (open.length === 0) return;
    const bodies = await this.#rows.bodies(
      open.map(({ ref }) => ref.digest),
      (nth) => open[nth]?.owner ?? '',
    );
    for (const [nth, candidate] of open.entries()) candidate.body = bodies[nth] ?? null;
  }

  /** What the kind is given for a candidate, or the rejection of a row that has not the declared shape. */
  async input(candidate: Candidate): Promise<RowInput | RowOutcome> {
    const { ref, owner } = candidate;
    const body = bodyOf(candidate);
    const large = fieldsBehindValue(this.#projection, body);
    const fields = projectFields(
      this.#projection,
      body,
      large.length === 0 ? NONE : await largeValues(this.#rows, body, large, owner),
    );
    const misshapen = this.#shape(fields);
    if (misshapen !== null) {
      const { message: reason, path, missing } = misshapen;
      const rest = missing === null ? {} : { missing };
      return { type: 'reject', code: 'row-shape', reason, evidence: { path }, ...rest };
    }
    const lookups: { [name: string]: Looked } = {};
    for (const table of this.#tables) {
      const found = candidate.found[table.name];
      lookups[table.name] = found === undefined ? null : await table.give(found);
    }
    const input = { row: { key: this.#projection.withKey ? ref.key : '', fields }, lookups };
    return this.#freeze ? deepFreeze(input) : input;
  }

  async #projected(ref: RowRef, body: RowBody, owner: string): Promise<Digest> {
    const behind = fieldsBehindDigest(this.#projection, body);
    const large = behind.length === 0 ? NONE : await largeValues(this.#rows, body, behind, owner);
    return projectionDigest(this.#projection, ref.key, ref.digest, body, large);
  }

  #keyOf(row: Digest, found: { readonly [name: string]: Found }): Digest {
    const lookups: { [name: string]: Json } = {};
    for (const name of Object.keys(found)) {
      const result = found[name];
      lookups[name] = result?.type === 'found' ? result.digest : null;
    }
    return hashKey('action', writeActionKey(this.#node.fingerprint, row, lookups));
  }

  #decide(name: string, found: Found): RowOutcome | Failure | null {
    const lookup = this.#node.lookups[name];
    if (lookup === undefined || found.type === 'found') return null;
    if (found.type === 'many') {
      const reason = `${found.count} rows of ${name} have the same ${lookup.match}`;
      return {
        type: 'reject',
        code: 'lookup-many',
        reason,
        evidence: { lookup: name, match: lookup.match, count: found.count },
      };
    }
    const reason = `no row of ${name} has this row's ${lookup.by} as its ${lookup.match}`;
    if (lookup.missing === 'null') return null;
    if (lookup.missing === 'reject')
      return { type: 'reject', code: 'lookup-missing', reason, evidence: { lookup: name, match: lookup.match } };
    return new Failure('lookup-missing', reason, {
      hint: `\`missing: reject\` or \`missing: null\` on ${name} lets the others go on`,
    });
  }
}

/** @throws Error an engine bug: what is laid over a row was to read it first */
export function bodyOf({ ref, body }: Candidate): RowBody {
  if (body === null) throw new Error(`row ${ref.key} was not read`);
  return body;
}

const NONE: ReadonlyMap<string, Json> = new Map();
