/** Labels of real programs, all of them: references, buggy programs, and the whole HumanEval mutant pool against plain runs. */

import { test } from 'uvu';
import { checkMutantPool, checkQuixBugs, checkReferences } from '#rig/label-scenario.ts';

/** Every how many-th candidate of the pool; 1 is all of them. */
const STRIDE = Number(process.env['SLUICE_LABEL_STRIDE'] ?? 1);

test('all 164 HumanEval and 427 MBPP references pass', () => checkReferences(1));
test('no buggy QuixBugs program passes, and no correct one is called fail', () => checkQuixBugs(1));
test('verdicts on the HumanEval mutant pool are those of plain runs', () => checkMutantPool(STRIDE));

test.run();
