/** Seeded duels in which nobody is better, as rows of a judge: instances, turns and judges each have luck of their own. */

import type { JsonObject } from '#contract/json.ts';
import type { Row } from '#contract/row.ts';
import { DIMENSIONS } from '#domain/duel/dimensions.ts';
import { decideVerdict } from '#domain/duel/verdict.ts';
import { toRules, type VerdictConfig } from '#kinds/verdict/config.ts';
import { verdictKind } from '#kinds/verdict/kind.ts';
import { readPoints } from '#kinds/verdict/read-points.ts';
import { resolveConfig } from '#rig/drive-kind.ts';
import { makeRandom, type Random } from '#stats/random.ts';

export interface NullDuel {
  readonly instances: number;
  readonly turnsEach: number;
  readonly judges: number;
  readonly orders: 'both' | 'single';
  /** How much oftener the answer shown second is chosen than the one shown first, were they equal. */
  readonly positionEffect: number;
}

/** Spread of the luck that a whole instance, a turn, and one judge on a turn share, in the latent quality of the challenger's answer. */
const SPREAD = { instance: 0.19, turn: 0.42, judge: 0.3 };
/** Noise of a single choice; beyond DRAW_WIDTH of even it is no draw. */
const CHOICE_NOISE = 0.7;
const DRAW_WIDTH = 0.15;

export function nullDuelRows(duel: NullDuel, seed: number): JsonObject[] {
  const normal = normalsFrom(makeRandom(seed));
  const orders = duel.orders === 'both' ? ['candidate-first', 'against-first'] : ['against-first'];
  const shift = shiftFor(duel.positionEffect);
  const rows: JsonObject[] = [];
  for (let instance = 0; instance < duel.instances; instance++) {
    const shared = SPREAD.instance * normal();
    for (let turn = 0; turn < duel.turnsEach; turn++) {
      const quality = shared + SPREAD.turn * normal();
      const judges: JsonObject[] = [];
      for (let judge = 0; judge < duel.judges; judge++) {
        const seen = quality + SPREAD.judge * normal();
        for (const order of orders) {
          // In `against-first` the candidate stands second.
          const position = order === 'against-first' ? shift : -shift;
          const choose = () => toChoice(seen + position + CHOICE_NOISE * normal());
          const choices = Object.fromEntries(DIMENSIONS.map((name) => [name, choose()]));
          judges.push({ judge: `j${judge}`, order, status: 'parsed', code: null, choices, quotes: {}, reason: '' });
        }
      }
      const values = judges.flatMap(({ choices }) => Object.values(choices as { [name: string]: string }).map(shareOf));
      const score = (100 * values.reduce((sum, value) => sum + value, 0)) / values.length;
      rows.push({ instance_id: `i${instance}`, score, parsed: true, judges });
    }
  }
  return rows;
}

/** Whether a verdict node accepts them; its config is checked once. */
export function makeNullCheck(config: {
  readonly [name: string]: unknown;
}): (rows: readonly JsonObject[], seed: number) => Promise<boolean> {
  const resolved = resolveConfig(verdictKind, config) as unknown as VerdictConfig;
  return async (rows, seed) => {
    const input = { count: rows.length, ports: [], rows: () => toRows(rows) };
    const { points } = await readPoints(input, resolved);
    return decideVerdict(points, { ...toRules(resolved, []), seed }).accepted;
  };
}

async function* toRows(rows: readonly JsonObject[]): AsyncGenerator<Row> {
  for (const fields of rows) yield { key: '', fields };
}

function toChoice(latent: number): string {
  return latent > DRAW_WIDTH ? 'candidate' : latent < -DRAW_WIDTH ? 'against' : 'draw';
}

function shareOf(choice: string): number {
  return choice === 'candidate' ? 1 : choice === 'draw' ? 0.5 : 0;
}

/** Shift of the latent quality that makes one side chosen oftener by `effect`: all luck together is normal. */
function shiftFor(effect: number): number {
  const spread = Math.hypot(SPREAD.instance, SPREAD.turn, SPREAD.judge, CHOICE_NOISE);
  // Near even both shares move by the density at the edge of a draw.
  return (effect / 2) * spread * Math.sqrt(2 * Math.PI) * Math.exp((DRAW_WIDTH / spread) ** 2 / 2);
}

/** Marsaglia's polar method. */
function normalsFrom(random: Random): () => number {
  const uniform = () => (random.bits() + 0.5) / 2147483648;
  let kept: number | null = null;
  return () => {
    if (kept !== null) {
      const value = kept;
      kept = null;
      return value;
    }
    for (;;) {
      const [x, y] = [uniform(), uniform()];
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      kept = y * scale;
      return x * scale;
    }
  };
}
