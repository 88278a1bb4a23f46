/** What a report says, before it is Markdown or a page. */

import type { Json } from '#contract/json.ts';
import type { Evidence } from '#contract/row.ts';

/** One line of the table of duels. */
export interface Turn {
  readonly key: string;
  readonly instance: string;
  readonly turn: number | null;
  /** 0..100, null where it has none. */
  readonly score: number | null;
  readonly bucket: string | null;
  readonly metrics: { readonly [dimension: string]: number | null };
  readonly flips: number;
  readonly kingStyle: string;
  readonly challengerStyle: string;
}

export interface MetricFacts {
  readonly dimension: string;
  readonly n: number;
  readonly mean: number | null;
  /** Turns over, at and under 50. */
  readonly ahead: number;
  readonly even: number;
  readonly behind: number;
}

export interface JudgeFacts {
  readonly judge: string;
  readonly asked: number;
  readonly parsed: number;
  /** Why answers were not parsed, by code. */
  readonly unparsed: { readonly [code: string]: number };
  readonly turns: number;
  /** 0..100 for the candidate. */
  readonly mean: number | null;
  /** Dimensions where both orders gave a choice, and those where the choice turned with the order. */
  readonly compared: number;
  readonly flips: number;
  /** Turns judged by this and another judge, and those where both favour the same side or none. */
  readonly shared: number;
  readonly agreed: number;
  /** What a panel says of it: kept, or left out and why; null where none was asked. */
  readonly worth: string | null;
  /** Answers that other models gave in its place, by their alias. */
  readonly standIns: { readonly [alias: string]: number };
}

export interface StyleFacts {
  readonly style: string;
  readonly king: number;
  readonly challenger: number;
  /** Mean score of the turns where the challenger acted so. */
  readonly mean: number | null;
}

export interface DuelFacts {
  /** All duels, and those with a score. */
  readonly count: number;
  readonly scored: number;
  readonly scores: readonly number[];
  readonly metrics: readonly MetricFacts[];
  readonly judges: readonly JudgeFacts[];
  readonly styles: readonly StyleFacts[];
  readonly turns: readonly Turn[];
  readonly dimensions: readonly string[];
  /** In the order of the turns; null where the page had no room. */
  readonly details: readonly (Detail | null)[];
  /** What the other answer of the duel is called: `king` or `reference`. */
  readonly other: string;
  readonly leaks: LeakFacts;
}

export interface LeakFacts {
  readonly audited: number;
  readonly outcomes: readonly { readonly name: string; readonly count: number }[];
  /** Answers in which a detector found something that was not cleared. */
  readonly detectors: readonly { readonly name: string; readonly count: number }[];
}

export interface BucketFacts {
  readonly name: string;
  readonly count: number;
}

export interface LossFacts {
  readonly node: string;
  readonly code: string;
  readonly count: number;
  readonly examples: readonly { readonly key: string; readonly reason: string }[];
}

/** A node as its rows saw it. */
export interface Stage {
  readonly node: string;
  readonly emitted: number;
  readonly lost: readonly { readonly label: string; readonly count: number }[];
}

export interface Condition {
  readonly name: string;
  readonly holds: boolean;
  readonly detail: string;
}

export interface VerdictFacts {
  readonly accepted: boolean;
  readonly conditions: readonly Condition[];
  readonly notes: readonly string[];
  /** Everything else of the verdict's row. */
  readonly numbers: { readonly [name: string]: Json };
}

/** What a click on a row shows. Rendered by the page's script as text only. */
export interface Detail {
  readonly title: string;
  readonly parts: readonly DetailPart[];
}

export type DetailPart =
  | {
      readonly type: 'texts';
      readonly texts: readonly { readonly label: string; readonly tone: string; readonly text: string }[];
    }
  | {
      readonly type: 'table';
      readonly label: string;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | {
      readonly type: 'messages';
      readonly label: string;
      readonly messages: readonly { readonly role: string; readonly text: string }[];
    }
  | { readonly type: 'note'; readonly text: string };

export interface RowsFacts {
  readonly count: number;
  readonly columns: readonly { readonly name: string; readonly isNumber: boolean }[];
  readonly fields: readonly FieldFacts[];
  readonly rows: readonly (readonly Cell[])[];
  readonly details: readonly (Detail | null)[];
}

export interface FieldFacts {
  readonly name: string;
  readonly types: readonly string[];
  readonly n: number;
  readonly low: number | null;
  readonly mean: number | null;
  readonly high: number | null;
  /** Numbers, at most as many as a histogram needs. */
  readonly values: readonly number[];
  /** The commonest short texts; empty where nearly all differ. */
  readonly common: readonly { readonly value: string; readonly count: number }[];
}

export type Cell = string | number | null;

export interface ReportFacts {
  readonly title: string;
  readonly partial: boolean;
  readonly verdict: VerdictFacts | null;
  readonly evidence: readonly Evidence[];
  readonly stages: readonly Stage[];
  readonly losses: readonly LossFacts[];
  readonly buckets: readonly BucketFacts[];
  readonly duels: DuelFacts | null;
  readonly rows: RowsFacts | null;
}
