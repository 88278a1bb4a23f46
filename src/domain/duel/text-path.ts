/** Where the text of a side of a duel stands in its row. */

/** `king` and `challenger` are objects with a text; a reference is a text. */
export function textPath(path: string): string {
  return path === 'king' || path === 'challenger' ? `${path}.text` : path;
}
