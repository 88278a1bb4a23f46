/** The whole duel over real turns, small enough for every day; tests/long/duel.test.ts runs it over 500. */

import { test } from 'uvu';
import { checkDuel, checkJournal } from '#rig/duel-scenario.ts';

test('24 turns: honest ledger, same bytes anywhere, only what is new', () => checkDuel(24));
test('the journal is believed over the server', () => checkJournal(8));

test.run();
