/** One line of what `sluice doctor` found. */

export interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'missing' | 'warning';
  readonly detail: string;
  /** Of a trouble; listed in docs/failures.md. */
  readonly code?: string;
}
