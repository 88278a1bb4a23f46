/** The built-in kinds, by name. */

import type { Kind } from '#contract/kind.ts';
import { bucketKind } from './bucket/kind.ts';
import { challengerKind } from './challenger/kind.ts';
import { commandKind } from './command/kind.ts';
import { experimentKind } from './experiment/kind.ts';
import { exportKind } from './export/kind.ts';
import { filterKind } from './filter/kind.ts';
import { flattenKind } from './flatten/kind.ts';
import { formatKind } from './format/kind.ts';
import { generateKind } from './generate/kind.ts';
import { groupKind } from './group/kind.ts';
import { joinKind } from './join/kind.ts';
import { judgeKind } from './judge/kind.ts';
import { kingKind } from './king/kind.ts';
import { labelReportKind } from './label-report/kind.ts';
import { leakAuditKind } from './leak-audit/kind.ts';
import { leakReportKind } from './leak-report/kind.ts';
import { mirrorPrKind } from './mirror-pr/kind.ts';
import { mutateKind } from './mutate/kind.ts';
import { panelKind } from './panel/kind.ts';
import { poolKind } from './pool/kind.ts';
import { readKind } from './read/kind.ts';
import { reportKind } from './report/kind.ts';
import { sampleKind } from './sample/kind.ts';
import { sandboxLabelKind } from './sandbox-label/kind.ts';
import { verdictKind } from './verdict/kind.ts';

export const builtinKinds: readonly Kind[] = [
  bucketKind,
  challengerKind,
  commandKind,
  experimentKind,
  exportKind,
  filterKind,
  flattenKind,
  formatKind,
  generateKind,
  groupKind,
  joinKind,
  judgeKind,
  kingKind,
  labelReportKind,
  leakAuditKind,
  leakReportKind,
  mirrorPrKind,
  mutateKind,
  panelKind,
  poolKind,
  readKind,
  reportKind,
  sampleKind,
  sandboxLabelKind,
  verdictKind,
];
