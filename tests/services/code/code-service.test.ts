/** code: every language parses, splices are judged as a fresh parse would, and hostile text ends in time. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LANGUAGES, type Language, type SyntaxNode } from '#contract/code.ts';
import { makeCodeService } from '#services/code/code-service.ts';
import { GRAMMAR_FILES, PARSER_VERSION } from '#services/code/grammar-files.ts';
import { SAMPLES } from '../../domain/mutate/samples.ts';

const code = makeCodeService();

test('every language parses its sample, and says that something else is not of it', async () => {
  for (const language of LANGUAGES) {
    const grammar = await code.grammar(language);
    const parsed = grammar.parse(SAMPLES[language]);
    assert.ok(parsed, language);
    parsed.close();
    assert.is(grammar.parse(`${SAMPLES[language]}\n ) } "`), null, language);
  }
});

test('nodes nest, lie in order and cover what they say', async () => {
  for (const language of ['python', 'tsx', 'rust'] as const satisfies readonly Language[]) {
    const parsed = (await code.grammar(language)).parse(SAMPLES[language]);
    assert.ok(parsed);
    const check = (node: SyntaxNode): void => {
      let at = node.start;
      for (const child of node.children) {
        assert.is(child.parent, node);
        assert.ok(child.start >= at && child.end >= child.start && child.end <= node.end);
        at = child.end;
        check(child);
      }
    };
    check(parsed.root);
    parsed.close();
  }
});

test('offsets count as JavaScript does, also behind characters of two units', async () => {
  const text = 'def f():\n    return "𝒳" + name\n';
  const parsed = (await code.grammar('python')).parse(text);
  assert.ok(parsed);
  const leaves: string[] = [];
  const walk = (node: SyntaxNode): void => {
    if (node.type === 'identifier') leaves.push(text.slice(node.start, node.end));
    node.children.forEach(walk);
  };
  walk(parsed.root);
  assert.equal(leaves, ['f', 'name']);
  parsed.close();
});

test('a splice is accepted exactly when the spliced text parses', async () => {
  const grammar = await code.grammar('python');
  const text = SAMPLES.python;
  const parsed = grammar.parse(text);
  assert.ok(parsed);
  const piece = fc.constantFrom('', '\n', '\n    ', ' ', 'pass', 'x\n        y', '(', ')', ':', 'else:', '"', '𝒳', '#');
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(12), piece, (start, length, inserted) => {
      const end = Math.min(text.length, start + length);
      const fresh = grammar.parse(text.slice(0, start) + inserted + text.slice(end));
      fresh?.close();
      assert.is(parsed.accepts([{ start, end, text: inserted }])[0], fresh !== null);
    }),
    { numRuns: 400 },
  );
  parsed.close();
});

test('a text nested without end parses or not, but neither crashes nor hangs', async () => {
  const grammar = await code.grammar('javascript');
  for (const text of ['('.repeat(50_000), '['.repeat(20_000) + ']'.repeat(20_000), '!'.repeat(30_000), '\u0000\ud800'])
    grammar.parse(text)?.close();
});

test('a text beyond the limit is refused by name', async () => {
  const grammar = await code.grammar('python');
  assert.throws(
    () => grammar.parse('x = 1\n'.repeat(200_000)),
    (error: { code?: string }) => error.code === 'source-too-large',
  );
});

test('what is in the key is what is installed', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  assert.is(manifest.dependencies['web-tree-sitter'], PARSER_VERSION);
  for (const { package: name, version } of Object.values(GRAMMAR_FILES))
    assert.is(manifest.devDependencies[name], version, name);
});

test.run();
