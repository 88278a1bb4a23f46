/** `sluice completion`: scripts for shells, and the answers that those scripts ask for, node ids and profiles among them. */

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { CommandError, type Io } from '../io.ts';

const SHELLS = ['bash', 'zsh', 'fish'];

/**
 * Our own: the package's asks for functions of `bash-completion`, which is not everywhere, evaluates what was typed, offers no
 * files, and cannot be read twice. Works from bash 3.2 on.
 */
const BASH = `# bash completion for sluice: source <(sluice completion bash)
_sluice() {
  local cur=\${COMP_WORDS[COMP_CWORD]} line
  COMPREPLY=()
  while IFS= read -r line; do
    line=\${line%%$'\\t'*}
    [[ $line != :* && $line == "$cur"* ]] && COMPREPLY+=("$line")
  done < <(sluice complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _sluice sluice
`;

export async function completion(shell: string, io: Io): Promise<number> {
  if (!SHELLS.includes(shell))
    throw new CommandError('unknown-shell', `there is no completion for ${JSON.stringify(shell)}`, {
      hint: `shells: ${SHELLS.join(', ')}`,
    });
  if (shell === 'bash') {
    io.stdout.write(BASH);
    return 0;
  }
  const { script } = await import('@bomb.sh/tab');
  script(shell, 'sluice', 'sluice');
  return 0;
}

/** Answers one request of a script: `sluice complete -- why . ki`. */
export async function complete(program: Command, words: readonly string[], io: Io): Promise<number> {
  const [{ default: adapt }, { default: tab }] = await Promise.all([
    import('@bomb.sh/tab/commander'),
    import('@bomb.sh/tab'),
  ]);
  adapt(program);
  // The adapter's own command: asked by scripts only.
  tab.commands.delete('complete');
  const names = namesIn(words, io.cwd);
  for (const [command, known] of tab.commands) {
    for (const argument of known.arguments.values())
      if (argument.name === 'node' || argument.name === 'port') argument.handler = offer(names.nodes);
    const profile = known.options.get('profile');
    if (profile !== undefined) profile.handler = offer(names.profiles);
    if (command === 'completion') {
      const [first] = known.arguments.values();
      if (first !== undefined) first.handler = offer(SHELLS);
    }
  }
  tab.parse(words.filter((word, nth) => !(nth === 0 && word === '--')));
  return 0;
}

const offer = (values: readonly string[]) => (suggest: (value: string, description: string) => void) => {
  for (const value of values) suggest(value, '');
};

/** Names written in the manifest that the words name, else in the one here; nothing where there is none to read. */
function namesIn(words: readonly string[], cwd: string): { nodes: string[]; profiles: string[] } {
  for (const word of [...words.filter((each) => !each.startsWith('-')), '.']) {
    const path = resolve(cwd, word);
    for (const file of [
      join(path, 'pipeline.yaml'),
      join(path, 'pipeline.yml'),
      ...(/\.ya?ml$/.test(path) ? [path] : []),
    ]) {
      if (!existsSync(file)) continue;
      try {
        const { nodes, profiles } = parse(readFileSync(file, 'utf8'), { maxAliasCount: 0 }) as {
          nodes?: object;
          profiles?: object;
        };
        return { nodes: Object.keys(nodes ?? {}), profiles: Object.keys(profiles ?? {}) };
      } catch {
        return { nodes: [], profiles: [] };
      }
    }
  }
  return { nodes: [], profiles: [] };
}
