/** A member that a JSON text gives twice: parsers keep the last of them without a word. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;

/** @param text valid JSON. @returns the first name that stands twice in one object, or null */
export function repeatedMember(text: string): string | null {
  /** Names so far of each open object; null for a list. */
  const open: (Set<string> | null)[] = [];
  let isName = false;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : null);
      isName = token === '{';
    } else if (token === '}' || token === ']') {
      open.pop();
      isName = false;
    } else if (token === ',') isName = open.at(-1) instanceof Set;
    else if (isName) {
      isName = false;
      const name = JSON.parse(token) as string;
      const names = open.at(-1);
      if (names?.has(name) === true) return name;
      names?.add(name);
    }
  }
  return null;
}
