/** A small program of each language that holds most of what the operators look for. */

import type { Language } from '#contract/code.ts';

const typescript = `function f(xs: number[], n = 3): number { const y: number = 1; return y === 2 ? xs.length : n!; }`;

export const SAMPLES: { readonly [language in Language]: string } = {
  python: `@cache
def f(xs, n=3):
    total = 0
    if not xs:
        return None
    elif n > 2 and xs[0] is not None:
        total += 1
    else:
        total = xs[1:-1] if n else -1
    for x in range(len(xs)):
        if x in xs or n not in xs: continue
        total -= g(x, b=True)
    while total < 1.5: break
    return sorted(total.strip("a"))[0]
`,
  javascript: `function f(xs, n = 3) {
  let total = 0;
  const y = 1;
  if (!xs) { return null; } else if (n > 2 && xs[0] !== undefined) { total += 1; } else total = n ? "a" : -1;
  for (let i = 0; i < xs.length; i++) { if (x in xs || true) continue; total = total - g(i, xs.b); }
  for (const x of xs) { break; }
  while (total < 1.5) { total--; }
  return Math.max(total.slice(1, 2), xs[0]);
}`,
  typescript,
  tsx: `${typescript}\nconst page = <p>{f([1])}</p>;`,
  go: `package main
func f(xs []int, n int) int {
	total := 0
	var y int = 2
	if !ok { return 0 } else if n > 2 && xs[0] != y { total += 1 } else { total = xs[1:2][0] }
	for i := 0; i < len(xs); i++ { if x || true { continue } }
	for _, x := range xs { total = total - g(x, "a") ; break }
	return a.b(total)
}`,
  rust: `fn f(xs: &[i32], n: i32) -> i32 {
    let mut total = 0;
    if !ok { return 0; } else if n > 2 && xs[0] != y { total += 1; } else { total = xs[1..2][0]; }
    for x in 0..n { if x || true { continue; } total = total - g(x, "a"); }
    while total < 1 { break; }
    a.b(total)
}`,
  java: `class A { @Override int f(int[] xs, int n) { int total = 0; if (!ok) { return 0; } else if (n > 2 && xs[0] != y) { total += 1; } else total = n > 1 ? 1 : -1; for (int i = 0; i < xs.length; i++) { continue; } for (int x : xs) { total = total - g(x, "a"); } while (total < 1.5) { break; } return a.b(total, true); } }`,
  c: `int f(int *xs, int n) { int total = 0; if (!ok) { return 0; } else if (n > 2 && xs[0] != y) { total += 1; } else total = n > 1 ? 1 : -1; for (int i = 0; i < n; i++) { continue; } while (total < 1.5) { break; } return a->b(total, "x"); }`,
  cpp: `int f(std::vector<int> xs, int n) { auto total = 0; if (!ok) { return 0; } else if (n > 2 && xs[0] != y) { total += 1; } else total = n > 1 ? 1 : -1; for (int x : xs) { continue; } while (total < 1.5) { break; } return a.b(total, nullptr, true); }`,
  ruby: `def f(xs, n)
  total = 0
  if !xs
    return nil
  elsif n > 2 && xs[0] != y
    total += 1
  else
    total = n ? "a" : -1
  end
  return 1 unless xs
  while total < 1.5
    next
  end
  xs.each { |x| total = total - g(x, true) }
  not total and xs[1..2]
end`,
  bash: `f() {
  local total=0
  if [[ ! $1 == "a" && $2 -gt 3 ]]; then
    total=$((total + 1))
  elif [ "$1" -lt 2 ]; then
    echo "x" | sort
  else
    return 1
  fi
  for x in "$@"; do continue; done
  while (( total < 3 )); do break; done
  return 0
}`,
  php: `<?php
function f($xs, $n = 3) { $total = 0; if (!$xs) { return null; } elseif ($n > 2 && $xs[0] !== 1) { $total += 1; } else { $total = $n ? "a" : -1; } foreach ($xs as $x) { continue; } for ($i = 0; $i < count($xs); $i++) { $total = $total - g($i, $xs->b); } while ($total < 1.5) { break; } return $a->b($total, true); }`,
  csharp: `class A { int F(int[] xs, int n) { int total = 0; if (!ok) { return 0; } else if (n > 2 && xs[0] != y) { total += 1; } else total = n > 1 ? 1 : -1; for (int i = 0; i < xs.Length; i++) { continue; } foreach (var x in xs) { total = total - g(x, "a"); } while (total < 1.5) { break; } return a.b(total, true); } }`,
};
