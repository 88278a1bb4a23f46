/** Globs over the paths of a run folder: `*` within a name, `**` over folders, `?` one character. */

export function matcherOf(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.map(toPattern);
  return (path) => patterns.some((pattern) => pattern.test(path));
}

function toPattern(glob: string): RegExp {
  const text = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*\*\/|\*+|\?/g, (wild) => {
    if (wild === '**/') return '(?:[^/]+/)*';
    return wild === '?' ? '[^/]' : wild === '*' ? '[^/]*' : '.*';
  });
  return new RegExp(`^${text}$`);
}
