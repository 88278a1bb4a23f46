/** Labels of real programs, a slice for every day; tests/long/labels.test.ts takes them all. */

import { test } from 'uvu';
import { checkMutantPool, checkQuixBugs, checkReferences } from '#rig/label-scenario.ts';

test('references of HumanEval and MBPP pass', () => checkReferences(12));
test('no buggy QuixBugs program passes, and no correct one is called fail', () => checkQuixBugs(4));
test('verdicts on mutants are those of plain runs', () => checkMutantPool(80));

test.run();
