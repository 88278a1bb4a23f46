/** The parser's tree as plain objects, in one walk: its own nodes cost a call into WebAssembly for every question. */

import type { Tree, TreeCursor } from 'web-tree-sitter';
import type { SyntaxNode } from '#contract/code.ts';

interface Growing extends SyntaxNode {
  readonly children: SyntaxNode[];
}

export function toSyntax(tree: Tree): SyntaxNode {
  const cursor = tree.walk();
  try {
    const root = nodeAt(cursor, null);
    let parent: Growing = root;
    if (!cursor.gotoFirstChild()) return root;
    // A loop, not a recursion: the nesting of a stranger's text must not decide how deep our stack goes.
    for (;;) {
      const node = nodeAt(cursor, parent);
      parent.children.push(node);
      if (cursor.gotoFirstChild()) {
        parent = node;
        continue;
      }
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent() || parent.parent === null) return root;
        parent = parent.parent as Growing;
      }
    }
  } finally {
    cursor.delete();
  }
}

function nodeAt(cursor: TreeCursor, parent: SyntaxNode | null): Growing {
  return {
    type: cursor.nodeType,
    named: cursor.nodeIsNamed,
    field: cursor.currentFieldName,
    start: cursor.startIndex,
    end: cursor.endIndex,
    parent,
    children: [],
  };
}
