/** Counts annotations into shares with their intervals. */

import type { JsonObject } from '#contract/json.ts';
import type { WholeContext, WholeItem } from '#contract/kind.ts';
import type { Evidence } from '#contract/row.ts';
import { valueAtPath } from '#domain/at-path.ts';
import { LEAK_DETECTORS, type LeakEvidence } from '#domain/leak/evidence.ts';
import { isLexical } from '#domain/leak/plant-leak.ts';
import { wilson } from '#stats/intervals.ts';
import type { LeakReportConfig } from './config.ts';

interface Leak {
  readonly outcome: string;
  readonly evidence: readonly LeakEvidence[];
  readonly control?: number;
  readonly planted?: string;
  readonly caught?: boolean;
}

interface Share {
  hits: number;
  n: number;
}

export async function* runLeakReport({ config, inputs }: WholeContext<LeakReportConfig>): AsyncIterable<WholeItem> {
  const answers: { readonly leak: Leak; readonly isDecoyed: boolean }[] = [];
  for await (const { fields } of inputs['from']?.rows() ?? []) {
    const leak = valueAtPath(fields, config.leak);
    const decoys = valueAtPath(fields, config.decoys);
    if (leak !== undefined)
      answers.push({ leak: leak as unknown as Leak, isDecoyed: Array.isArray(decoys) && decoys.length > 0 });
  }
  const calibration: Leak[] = [];
  for await (const { fields } of inputs['calibration']?.rows() ?? [])
    calibration.push(valueAtPath(fields, config.calibration) as unknown as Leak);
  for (const evidence of [...ofAnswers(answers, config), ...ofCalibration(calibration, config)]) {
    const key = evidence.slice === undefined ? evidence.name : `${evidence.name}/${evidence.slice}`;
    yield { type: 'row', port: 'evidence', key, fields: evidence as unknown as JsonObject };
  }
}

function ofAnswers(
  answers: readonly { readonly leak: Leak; readonly isDecoyed: boolean }[],
  config: LeakReportConfig,
): Evidence[] {
  const leaks = answers.map(({ leak }) => leak);
  const source = config.leak;
  const decoyed = answers.filter(({ isDecoyed }) => isDecoyed);
  const controlled = leaks.filter(({ control }) => control !== undefined);
  const hasHit = ({ evidence }: Leak, detector: string) =>
    evidence.some((each) => each.detector === detector && each.strength !== 'weak' && each.cleared === undefined);
  return [
    toEvidence(
      'leak_hits',
      shareOf(leaks, ({ outcome }) => outcome !== 'pass'),
      'answers that did not pass / audited answers',
      source,
    ),
    toEvidence(
      'leak_proven',
      shareOf(leaks, ({ outcome }) => outcome === 'reject'),
      'answers with proof / audited answers',
      source,
    ),
    ...LEAK_DETECTORS.map((detector) =>
      toEvidence(
        'leak_detector',
        shareOf(leaks, (leak) => hasHit(leak, detector)),
        'answers with a hit that counts / audited answers',
        source,
        detector,
      ),
    ),
    toEvidence(
      'leak_canary_hits',
      shareOf(decoyed, ({ leak }) => hasHit(leak, 'canary')),
      'answers that name a decoy / answers whose writer was shown one',
      source,
    ),
    toEvidence(
      'leak_cleared',
      shareOf(controlled, ({ outcome }) => outcome === 'pass'),
      'answers that the blind control cleared / answers for which it was drawn',
      source,
    ),
  ];
}

function ofCalibration(leaks: readonly Leak[], config: LeakReportConfig): Evidence[] {
  const source = config.calibration;
  const honest = leaks.filter(({ planted }) => planted === undefined);
  const planted = leaks.filter((leak) => leak.planted !== undefined);
  const sorts = [...new Set(planted.map((leak) => leak.planted ?? ''))].sort();
  const isCaught = ({ caught }: Leak) => caught === true;
  return [
    toEvidence(
      'leak_false_alarms',
      shareOf(honest, ({ outcome }) => outcome !== 'pass'),
      'honest texts that did not pass / honest texts',
      source,
    ),
    toEvidence(
      'leak_recall',
      shareOf(
        planted.filter((leak) => isLexical(leak.planted ?? '')),
        isCaught,
      ),
      'planted leaks of the lexical sorts that were found at their place / those planted',
      source,
    ),
    ...sorts.map((sort) =>
      toEvidence(
        'leak_recall_sort',
        shareOf(
          planted.filter((leak) => leak.planted === sort),
          isCaught,
        ),
        'found / planted',
        source,
        sort,
      ),
    ),
  ];
}

function shareOf<T>(items: readonly T[], isHit: (item: T) => boolean): Share {
  return { hits: items.filter(isHit).length, n: items.length };
}

/** A share of nothing is no zero. */
function toEvidence(name: string, { hits, n }: Share, formula: string, source: string, slice?: string): Evidence {
  const measured = n === 0 ? { value: null, n } : { value: hits / n, n, interval: wilson(hits, n) };
  const status = n === 0 ? 'not_evaluable' : 'ok';
  return {
    name,
    ...measured,
    status,
    ...(slice === undefined ? {} : { slice }),
    source,
    formula: `${formula}; Wilson interval at .95`,
  };
}
