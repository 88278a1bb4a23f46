/** Every operator. Adding one leaves the mutants of the others, their ranks and their ids as they are. */

import { dropMinus, swapArithmetic, swapAssignment } from './operators/arithmetic.ts';
import { dropArm, removeBranch, removeCondition, swapArms, swapJump } from './operators/arms.ts';
import { changeRange, changeSlice, shiftIndex, shiftLength } from './operators/bounds.ts';
import { dropCondition, flipComparison, moveBoundary, swapConnective } from './operators/comparisons.ts';
import { dropNegation, negateCondition } from './operators/conditions.ts';
import { changeNumber, changeText, flipBoolean } from './operators/constants.ts';
import type { Operator } from './operators/operator.ts';
import { swapStatements } from './operators/order.ts';
import { removeDecorator, removeLoop, removeStatement, removeWrapper, returnNothing } from './operators/removal.ts';
import { swapArguments, swapAttribute, swapCallee, swapOperands, swapVariable } from './operators/symbols.ts';

export const OPERATORS: readonly Operator[] = [
  flipComparison,
  moveBoundary,
  swapConnective,
  negateCondition,
  dropNegation,
  swapArms,
  dropArm,
  swapJump,
  swapVariable,
  swapArguments,
  swapCallee,
  swapAttribute,
  swapOperands,
  swapArithmetic,
  swapAssignment,
  dropMinus,
  changeNumber,
  changeText,
  flipBoolean,
  shiftIndex,
  changeSlice,
  changeRange,
  shiftLength,
  returnNothing,
  dropCondition,
  removeStatement,
  removeBranch,
  removeCondition,
  removeLoop,
  removeWrapper,
  removeDecorator,
  swapStatements,
];
