/** What shows by itself, whatever the pull request holds: words about a known solution, and commands that reach into later history. */

import type { AnswerFacts } from '../answer-facts.ts';
import { type LeakEvidence, type LeakStrength, toEvidence } from '../evidence.ts';
import type { Visible } from '../visible.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly strength: LeakStrength;
}

/** Every quantifier is bounded, and no rule begins with one. */
const WORDS: readonly Rule[] = [
  {
    strength: 'strong',
    pattern:
      /\b(?:hidden|private|secret|gold(?:en)?|ground[- ]truth|oracle|leaked)\s{1,2}(?:pull request|PR|patch|diff|fix|solution|tests?|change|commit)\b/gi,
  },
  {
    strength: 'strong',
    pattern:
      /\b(?:the|this|that|its|actual|real|final|original|official|upstream)\s{1,2}(?:pull request|merged (?:change|patch|fix|PR|commit|pull request)|upstream (?:fix|patch|change|commit|solution)|reference (?:solution|patch|fix)|known (?:solution|fix)|correct patch|test patch)\b/gi,
  },
  { strength: 'proof', pattern: /<\/?private>|\btest_patch\b|\bFAIL_TO_PASS\b|\bPASS_TO_PASS\b/g },
  {
    strength: 'strong',
    pattern:
      /\b(?:according to|based on|as (?:shown|done|described|seen) in|from|per|matches|following)\s{1,2}the\s{1,2}(?:pull request|PR|patch|upstream|merged|diff|solution|actual fix|official fix|reference)\b(?!\s{1,2}(?:description|text|statement|body|title|issue))/gi,
  },
  {
    strength: 'strong',
    pattern:
      /\bI (?:already )?(?:know|was told|have been told|was shown|have seen) (?:that )?(?:the )?(?:pull request|PR|patch|fix|solution|answer)\b(?!\s{1,2}description)/gi,
  },
];

const HISTORY: readonly Rule[] = [
  {
    strength: 'strong',
    pattern:
      /\bgit\s{1,4}(?:-[^\s]{1,80}\s{1,4}){0,3}(?:log|rev-list|show-ref|for-each-ref|grep)\s[^\n|;&]{0,200}?--(?:all|reflog|remotes|branches)\b/g,
  },
  { strength: 'strong', pattern: /\bgit\s{1,4}(?:-[^\s]{1,80}\s{1,4}){0,3}(?:reflog|fetch|pull|ls-remote|fsck)\b/g },
  {
    strength: 'strong',
    pattern:
      /\bgit\s{1,4}(?:-[^\s]{1,80}\s{1,4}){0,3}(?:log|show|diff|checkout|cherry-pick|cat-file|merge|switch)\s[^\n|;&]{0,120}?\b(?:origin|upstream|FETCH_HEAD|ORIG_HEAD)\b/g,
  },
  {
    strength: 'strong',
    pattern:
      /\b(?:curl|wget|gh)\s[^\n]{0,200}?(?:\/(?:pull|commit|compare|issues)\/|\bpr\s{1,3}(?:view|diff|checkout|list)\b)/g,
  },
];

/** A commit that is named must have been shown. */
const COMMIT =
  /\bgit\s{1,4}(?:-[^\s]{1,80}\s{1,4}){0,3}(?:show|cherry-pick|checkout|diff|cat-file|log|revert|merge|format-patch)\s[^\n|;&]{0,120}?\b([0-9a-f]{7,40})\b/g;

export function detectPullRequestWords(answer: AnswerFacts, visible: Visible): LeakEvidence[] {
  const found: LeakEvidence[] = [];
  for (const { pattern, strength } of WORDS) {
    for (const match of answer.text.matchAll(pattern)) {
      const span = [match.index, match.index + match[0].length] as const;
      if (found.length === MOST) return found;
      // What the session says itself may be said again; some call the task "the PR".
      if (visible.includes(match[0]) || (/\bPR\b/.test(match[0]) && visible.hasName('pr'))) continue;
      found.push(toEvidence(answer.text, 'pull-request-words', strength, span, match[0].toLowerCase(), null));
    }
  }
  return found;
}

export function detectHistoryCommands(answer: AnswerFacts, visible: Visible): LeakEvidence[] {
  const found: LeakEvidence[] = [];
  const note = (match: RegExpMatchArray, strength: LeakStrength) => {
    const start = match.index ?? 0;
    found.push(toEvidence(answer.text, 'history-command', strength, [start, start + match[0].length], match[0], null));
  };
  for (const { pattern, strength } of HISTORY)
    for (const match of answer.text.matchAll(pattern)) {
      if (found.length === MOST) return found;
      note(match, strength);
    }
  for (const match of answer.text.matchAll(COMMIT)) {
    if (found.length === MOST) return found;
    if (!visible.includes((match[1] ?? '').slice(0, 7))) note(match, 'strong');
  }
  return found;
}

const MOST = 20;
