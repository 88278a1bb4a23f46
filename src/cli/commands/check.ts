/** `sluice check`: every mistake at once, each with its place; with `--frozen` also whether the lock still fits. */

import type { Diagnostic, SourceTexts } from '#contract/diagnostic.ts';
import { countDiagnostics } from '#report/format-diagnostic.ts';
import { makeLineIndex } from '#report/line-index.ts';
import { makeMemoryStore } from '#store/memory/memory-store.ts';
import { checkLock } from '../check-lock.ts';
import { prepare, showDiagnostics, shown } from '../compose.ts';
import type { Io } from '../io.ts';
import { readLock } from '../lock-file.ts';
import { type ManifestFlags, makePrinter } from '../session.ts';
import { findWorkspace, lockPath } from '../workspace.ts';

export interface CheckFlags extends ManifestFlags {
  readonly frozen?: boolean;
  readonly json?: boolean;
}

/** @returns 0, 2 for a manifest with errors, 3 for a lock that does not fit */
export async function check(target: string | undefined, flags: CheckFlags, io: Io): Promise<number> {
  const workspace = findWorkspace(target, flags.cache, io);
  // In memory: a check leaves nothing behind and needs no cache.
  const prepared = await prepare(workspace, flags, makeMemoryStore(), io);
  const { plan, diagnostics, texts } = prepared;
  const { print, printJson } = makePrinter(prepared, io);
  if (flags.json === true)
    for (const diagnostic of diagnostics) printJson(toJson(diagnostic, texts, (file) => shown(file, io)));
  else if (diagnostics.length > 0) io.stderr.write(prepared.secrets.redact(showDiagnostics(prepared, io)));
  if (plan === null) {
    if (flags.json !== true) io.stderr.write(`${countDiagnostics(diagnostics)} in ${shown(workspace.file, io)}\n`);
    return 2;
  }
  if (flags.frozen === true) {
    const path = lockPath(workspace);
    const troubles = checkLock(plan, readLock(path));
    for (const { node, code, message } of troubles) {
      if (flags.json === true) printJson({ severity: 'error', code, message, file: shown(path, io), node });
      else io.stderr.write(`${shown(path, io)}: error[${code}]: ${message}\n`);
    }
    if (troubles.length > 0) {
      if (flags.json !== true)
        io.stderr.write('  hint: `sluice plan` shows what a run would do; `sluice run` writes the lock anew\n');
      return 3;
    }
  }
  if (flags.json !== true) {
    const { length } = plan.nodes;
    const lock = flags.frozen === true ? ', the lock fits' : '';
    print(`ok: ${length} ${length === 1 ? 'node' : 'nodes'}${lock}\n`);
  }
  return 0;
}

function toJson(
  { severity, code, message, at, hint, related }: Diagnostic,
  texts: SourceTexts,
  fileName: (file: string) => string,
) {
  const place = (span: NonNullable<Diagnostic['at']>) => {
    const text = texts.get(span.file);
    if (text === undefined) return { file: fileName(span.file) };
    const index = makeLineIndex(text);
    const [start, end] = [index.at(span.start), index.at(span.end)];
    return {
      file: fileName(span.file),
      line: start.line,
      column: start.offset + 1,
      endLine: end.line,
      endColumn: end.offset + 1,
    };
  };
  return {
    severity,
    code,
    message,
    ...(at === undefined ? {} : place(at)),
    ...(hint === undefined ? {} : { hint }),
    ...(related === undefined
      ? {}
      : { related: related.map((each) => ({ message: each.message, ...place(each.at) })) }),
  };
}
