/** Numbers and sums that point to one change and no other: hashes of commits, issue and pull request numbers, versions. */

export interface Reference {
  /** `sha:…` (seven digits count), `issue:123`, `version:1.2.3` */
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** Every alternative begins with something fixed or of bounded length, so that no text makes it slow. */
const PATTERN =
  /\b(?<sha>[0-9a-f]{7,40})\b|(?:(?:#|\bGH-|\bgh-|\bbpo-|\bPR[ -]?#?|\b[Ii]ssues?[ /#]{1,2}|\b[Tt]ickets?[ /#]{1,2}|\bpull[ /]|\b[Pp]ull [Rr]equest #?))(?<issue>\d{2,6})\b|\b[vV]?(?<version>\d{1,4}\.\d{1,4}\.\d{1,6}[a-z0-9]{0,6})\b/g;

const INSTANCE = /[-_](\d{1,7})$/;

export function findReferences(text: string, part = ''): Reference[] {
  if (part === 'instance_id') {
    const match = INSTANCE.exec(text.slice(-200));
    return match === null
      ? []
      : [{ key: `issue:${match[1]}`, start: text.length - (match[1]?.length ?? 0), end: text.length }];
  }
  const found: Reference[] = [];
  for (const match of text.matchAll(PATTERN)) {
    const { sha, issue, version } = match.groups ?? {};
    const start = match.index;
    const end = start + match[0].length;
    if (sha !== undefined) {
      // Numbers and words such as `defaced` are no hashes.
      if (/\d/.test(sha) && /[a-f]/.test(sha)) found.push({ key: `sha:${sha.slice(0, 7)}`, start, end });
    } else if (issue !== undefined) found.push({ key: `issue:${issue}`, start, end });
    else if (version !== undefined) found.push({ key: `version:${version}`, start, end });
  }
  return found;
}
