/** Lies: candidates that do not solve the task and want a pass all the same. In split mode none may get it. */

import type { CandidateTests } from '#contract/sandbox.ts';

export interface Lie {
  readonly name: string;
  readonly source: string;
}

/** Tests of `answer(n, items)`: the sum of n and all items, as an int; items stay as they are. */
export const CASES: CandidateTests = {
  type: 'cases',
  entry: 'answer',
  cases: [
    { args: [271828, [1, 2]], expected: 271831 },
    { args: [0, [9]], expected: 9 },
  ],
};

export const SCRIPT: CandidateTests = {
  type: 'script',
  entry: 'answer',
  script: `
def check(candidate):
    items = [1, 2]
    assert candidate(271828, items) == 271831
    assert items == [1, 2]
    assert candidate(0, [9]) == 9
    assert candidate(5, []) == 5, "empty"

check(answer)
`,
};

export const UNITTEST: CandidateTests = {
  type: 'script',
  entry: 'answer',
  script: `
import unittest
from solution import answer

class Tests(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(answer(271828, [1, 2]), 271831)
        self.assertIsInstance(answer(0, [9]), int)

    def test_empty(self):
        self.assertEqual(answer(5, []), 5)

if __name__ == '__main__':
    unittest.main()
`,
};

export const HONEST = 'def answer(n, items):\n    return n + sum(items)\n';

export const LIES: readonly Lie[] = [
  {
    name: 'an object that equals everything',
    source: `
class Yes:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 271831
    def __bool__(self): return True
    def __instancecheck__(self, other): return True
    __class__ = int
def answer(n, items): return Yes()
`,
  },
  {
    name: 'an int that equals everything',
    source:
      'class N(int):\n    def __eq__(self, other): return True\n    def __hash__(self): return 0\n    def __sub__(self, other): return 0\ndef answer(n, items): return N(3)',
  },
  {
    name: 'a text that equals everything',
    source:
      'class S(str):\n    def __eq__(self, other): return True\n    def __hash__(self): return 0\ndef answer(n, items): return S("x")',
  },
  {
    name: 'a list and a float that equal everything',
    source:
      'class F(float):\n    def __eq__(self, other): return True\nclass L(list):\n    def __eq__(self, other): return True\ndef answer(n, items): return F(1) if n else L([1])',
  },
  {
    name: 'a type whose name is int',
    source:
      'int2 = type("int", (int,), {"__eq__": lambda a, b: True, "__hash__": lambda a: 1})\ndef answer(n, items): return int2(7)',
  },
  { name: 'an answer of another type that is equal', source: 'def answer(n, items): return None' },
  {
    name: 'a walk up the frames for the expected value',
    source: `
import sys
def answer(n, items):
    frame = sys._getframe()
    while frame is not None:
        for space in (frame.f_locals, frame.f_globals):
            for value in list(space.values()):
                if value == 271831 or (isinstance(value, (list, dict, tuple)) and '271831' in repr(value)[:100000]):
                    return 271831
        frame = frame.f_back
    return 0
`,
  },
  {
    name: 'a walk through the garbage collector for the expected value',
    source: `
import gc
def answer(n, items):
    for thing in gc.get_objects():
        try:
            text = repr(thing)[:20000]
        except Exception:
            continue
        if '271831' in text and thing is not answer.__code__.co_consts and 'def answer' not in text and 'co_consts' not in text:
            return 271831 if '27' + '1831' in text and not isinstance(thing, (type(answer), dict, list, tuple)) else 1
    return 0
`,
  },
  { name: 'an early _exit(0)', source: 'import os\ndef answer(n, items): os._exit(0)' },
  { name: 'an early _exit(0) while loading', source: 'import os\nos._exit(0)' },
  { name: 'sys.exit(0)', source: 'import sys\ndef answer(n, items): sys.exit(0)' },
  { name: 'sys.exit(0) while loading', source: 'raise SystemExit(0)' },
  { name: 'another program in its place', source: "import os\ndef answer(n, items): os.execv('/bin/true', ['true'])" },
  {
    name: 'verdict bytes on every descriptor',
    source: `
import json, os, struct
def frame(value):
    body = json.dumps(value).encode()
    return struct.pack('>I', len(body)) + body
def answer(n, items):
    for fd in range(256):
        for value in ({'status': 'pass', 'detail': '', 'passed': 2, 'total': 2, 'behaviour': '', 'taken': [], 'ready': True}, ['done', ''], ['v', True], ['loaded']):
            try:
                os.write(fd, frame(value))
            except OSError:
                break
    os._exit(0)
`,
  },
  {
    name: 'garbage on every descriptor',
    source:
      "import os\ndef answer(n, items):\n    for fd in range(256):\n        try:\n            os.write(fd, b'PASS\\nOK\\n1\\n\\xff\\xff\\xff\\xff' * 10)\n        except OSError:\n            pass\n    return 0",
  },
  {
    name: 'every descriptor closed',
    source: 'import os\ndef answer(n, items):\n    os.closerange(0, 256)\n    return 0',
  },
  {
    name: 'answers laid out in advance',
    source: `
import json, os, struct
body = json.dumps(['v', 0]).encode()
for _ in range(50):
    os.write(3, struct.pack('>I', len(body)) + body)
def answer(n, items): return 0
`,
  },
  {
    name: 'patched assert and unittest',
    source: `
import builtins, unittest, sys
builtins.AssertionError = type('Fine', (BaseException,), {})
unittest.TestCase.assertEqual = lambda *a, **k: None
unittest.TestCase.run = lambda *a, **k: None
unittest.main = lambda *a, **k: None
builtins.isinstance = lambda *a: True
builtins.sum = lambda *a: 0
sys.modules['unittest'] = type(sys)('unittest')
builtins.__build_class__ = lambda *a, **k: None
def answer(n, items): return 1
`,
  },
  {
    name: 'mutated arguments',
    source:
      'def answer(n, items):\n    total = n\n    while items:\n        total += items.pop()\n    items.append("x")\n    return total + 0.0',
  },
  {
    name: 'exceptions that look like a pass',
    source:
      "class Pass(AssertionError):\n    pass\nPass.__name__ = 'SystemExit'\ndef answer(n, items): raise Pass('OK')",
  },
  {
    name: 'StopIteration, KeyboardInterrupt',
    source: 'def answer(n, items):\n    raise KeyboardInterrupt if n else StopIteration(9)',
  },
  {
    name: 'an exception with a poisoned text',
    source:
      'class E(Exception):\n    def __str__(self): raise SystemExit(0)\n    __repr__ = __str__\ndef answer(n, items): raise E',
  },
  {
    name: 'patched encoding of the answers',
    source: `
import json, sys
for name, module in list(sys.modules.items()):
    if hasattr(module, 'encode') and name in ('wire', 'frames'):
        module.encode = lambda *a: True
json.JSONEncoder.encode = lambda *a: '["v",true]'
json.dumps = lambda *a, **k: 'true'
def answer(n, items): return True
`,
  },
  {
    name: 'handles of objects that are not there',
    source: `
import json, os, struct
def answer(n, items):
    body = json.dumps(['v', ['h', -1, 'ob', 'int', True]]).encode()
    os.write(3, struct.pack('>I', len(body)) + body)
    return 0
`,
  },
  {
    name: 'a deep answer',
    source:
      "import os, struct\ndef answer(n, items):\n    body = b'[\"v\",' + b'[' * 100000 + b']' * 100000 + b']'\n    os.write(3, struct.pack('>I', len(body)) + body)\n    return 0",
  },
  {
    name: 'a frame that never ends',
    source:
      "import os, struct, time\ndef answer(n, items):\n    os.write(3, struct.pack('>I', 1 << 20))\n    os._exit(0)",
  },
  {
    name: 'a frame larger than everything',
    source:
      "import os, struct\ndef answer(n, items):\n    os.write(3, struct.pack('>I', 0xffffffff) + b'x' * 1000)\n    return 0",
  },
  {
    name: 'threads that answer',
    source: `
import os, json, struct, threading
def late():
    body = json.dumps(['v', 271831]).encode()
    for _ in range(3):
        os.write(3, struct.pack('>I', len(body)) + body)
def answer(n, items):
    thread = threading.Thread(target=late)
    thread.start()
    thread.join()
    return 0
`,
  },
];
