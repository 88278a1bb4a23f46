/** A unified diff read line by line with the place of each line: lenient, linear, and unaware of whether it would apply. */

export interface DiffLine {
  readonly sign: '+' | '-' | ' ';
  /** UTF-16 offsets of the line without its sign. */
  readonly start: number;
  readonly end: number;
  /** Line number in the old file for ' ' and '-', in the new one for '+'. */
  readonly line: number;
}

export interface DiffHunk {
  readonly oldStart: number;
  readonly oldEnd: number;
  readonly lines: readonly DiffLine[];
}

export interface DiffFile {
  readonly path: string;
  /** Offset of the path where it is named. */
  readonly at: number;
  readonly isNew: boolean;
  readonly hunks: readonly DiffHunk[];
}

interface OpenHunk {
  oldStart: number;
  oldEnd: number;
  lines: DiffLine[];
  oldLeft: number;
  newLeft: number;
  oldLine: number;
  newLine: number;
}

export function readDiff(patch: string): DiffFile[] {
  const files: { path: string; at: number; isNew: boolean; hunks: OpenHunk[] }[] = [];
  let hunk: OpenHunk | null = null;
  let isNew = false;
  let oldPath = { path: '', at: 0 };
  for (let start = 0; start < patch.length; ) {
    const newline = patch.indexOf('\n', start);
    const end = newline === -1 ? patch.length : newline;
    const first = patch[start];
    if (hunk !== null && (hunk.oldLeft > 0 || hunk.newLeft > 0) && first !== '\\') {
      pushLine(hunk, first, start, end);
    } else if (patch.startsWith('--- ', start)) {
      oldPath = { path: pathOf(patch, start + 4, end), at: start + 4 };
      isNew = oldPath.path === '/dev/null';
      hunk = null;
    } else if (patch.startsWith('+++ ', start)) {
      const path = pathOf(patch, start + 4, end);
      const named = path === '/dev/null' ? oldPath : { path, at: start + 4 };
      files.push({ ...named, isNew, hunks: [] });
      hunk = null;
    } else if (patch.startsWith('@@ ', start)) {
      hunk = openHunk(patch.slice(start, Math.min(end, start + 120)));
      if (hunk !== null) files.at(-1)?.hunks.push(hunk);
    }
    start = end + 1;
  }
  return files;
}

function openHunk(header: string): OpenHunk | null {
  const match = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@/.exec(header);
  if (match === null) return null;
  const [oldStart, oldLeft, newLine, newLeft] = [match[1], match[2] ?? 1, match[3], match[4] ?? 1].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return { oldStart, oldEnd: oldStart + oldLeft, lines: [], oldLeft, newLeft, oldLine: oldStart, newLine };
}

function pushLine(hunk: OpenHunk, first: string | undefined, start: number, end: number): void {
  const sign = first === '+' || first === '-' ? first : ' ';
  hunk.lines.push({
    sign,
    start: start + 1,
    end: Math.max(end, start + 1),
    line: sign === '+' ? hunk.newLine : hunk.oldLine,
  });
  if (sign !== '+') {
    hunk.oldLeft--;
    hunk.oldLine++;
  }
  if (sign !== '-') {
    hunk.newLeft--;
    hunk.newLine++;
  }
}

function pathOf(patch: string, start: number, end: number): string {
  const line =
    patch
      .slice(start, Math.min(end, start + 1000))
      .split('\t')[0]
      ?.trim() ?? '';
  return line.replace(/^[ab]\//, '');
}
