/** The command line: every command with its options and examples. What a command does is in its own file, loaded when it is called. */

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { finish } from './finish.ts';
import type { Io } from './io.ts';
import { processIo } from './process-io.ts';

type Action = (io: Io) => Promise<number>;

/** @returns the exit code (see docs/cli.md) */
export async function runProgram(argv: readonly string[], io: Io = processIo()): Promise<number> {
  let chosen: Action | null = null;
  const program = makeProgram(io, (action) => {
    chosen = action;
  });
  // Asked by completion scripts, not by people.
  if (argv[0] === 'complete') return (await import('./commands/completion.ts')).complete(program, argv.slice(1), io);
  try {
    await program.parseAsync(argv as string[], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  if (chosen === null) return 0;
  return finish(chosen, io);
}

export function makeProgram(io: Io, choose: (action: Action) => void): Command {
  const program = new Command('sluice')
    .description('Builds training data from one YAML manifest: keyed by content, so that only what is new is done.')
    .version(io.version, '-v, --version')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .showSuggestionAfterError()
    .showHelpAfterError('(`sluice help COMMAND` shows its options and examples)');

  const add = (name: string, summary: string, examples: readonly string[]): Command =>
    program
      .command(name)
      .description(summary)
      .addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ sluice ${line}`).join('\n')}\n`);

  addPlanning(add, choose);
  addRunning(add, choose);
  addAsking(add, choose);
  addKeeping(add, choose);
  return program;
}

type Add = (name: string, summary: string, examples: readonly string[]) => Command;
type Choose = (action: Action) => void;

// ---- options that several commands share --------------------------------------------------------------------------

const collect = (value: string, all: readonly string[] = []): string[] => [...all, value];
const splitProfiles = (value: string): string[] => value.split(',').filter((name) => name !== '');

function wholeNumber(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('a whole number is expected.');
  return number;
}

function amount(value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0) throw new InvalidArgumentError('an amount in USD is expected.');
  return number;
}

function withManifest(command: Command): Command {
  return command
    .option('--profile <names>', 'profiles laid over the manifest, `a,b`', splitProfiles)
    .option('--set <path=value>', 'overrides one value, e.g. nodes.king.prompt=prompts/k2.md (repeatable)', collect)
    .option('--cache <dir>', 'folder of the store (default: cache/ at the project root, or $SLUICE_CACHE)');
}

function withSelection(command: Command): Command {
  return command
    .option(
      '--select <nodes>',
      "nodes to run: id, glob, '+id' with what it needs, 'id+' with what needs it, tag:x (repeatable)",
      collect,
    )
    .option('--exclude <nodes>', 'nodes to leave out, in the same terms (repeatable)', collect);
}

// ---- the commands -----------------------------------------------------------------------------------------------

function addPlanning(add: Add, choose: Choose): void {
  add('init [folder]', 'writes a commented pipeline to start from', [
    'init',
    'init my-data --from csv',
    'init duel --from duel',
  ])
    .addOption(new Option('--from <template>', 'what to start from').choices(['jsonl', 'csv', 'duel']).default('jsonl'))
    .action((folder: string | undefined, flags: { from: string }) =>
      choose(async (io) => (await import('./commands/init.ts')).init(folder, flags, io)),
    );
  withManifest(
    add('check [file]', 'finds every mistake, each with its place', [
      'check',
      'check pipelines/duel --profile example',
      'check --frozen',
    ]),
  )
    .option('--frozen', 'also: the lock still fits the manifest, without cache, network or secrets')
    .option('--json', 'diagnostics as one JSON object a line')
    .action((file, flags) => choose(async (io) => (await import('./commands/check.ts')).check(file, flags, io)));
  withSelection(
    withManifest(
      add('plan [file]', 'says what a run would do: reuse, rows, calls, tokens, price', [
        'plan',
        'plan --profile example',
        'plan --json',
      ]),
    ),
  )
    .option('--json', 'one JSON object')
    .action((file, flags) => choose(async (io) => (await import('./commands/plan.ts')).plan(file, flags, io)));
  withManifest(
    add('graph [file]', 'draws the nodes and their edges', [
      'graph',
      'graph --format dot | dot -Tsvg > graph.svg',
      'graph --format svg > graph.svg',
    ]),
  )
    .addOption(new Option('--format <format>', 'what to draw').choices(['mermaid', 'dot', 'svg']).default('mermaid'))
    .action((file, flags) => choose(async (io) => (await import('./commands/graph.ts')).graph(file, flags, io)));
  add('kinds [kind]', 'lists the node kinds, or shows one with its config', [
    'kinds',
    'kinds judge',
    'kinds judge --json',
  ])
    .option('--json', 'as JSON, with the config schema')
    .action((kind, flags) => choose(async (io) => (await import('./commands/kinds.ts')).kinds(kind, flags, io)));
  add('new <what> <name>', 'writes the skeleton of a kind of your own', ['new kind my-kind'])
    .option('--dir <folder>', 'where to write it', '.')
    .action((what, name, flags) =>
      choose(async (io) => (await import('./commands/new.ts')).newKind(what, name, flags, io)),
    );
}

function addRunning(add: Add, choose: Choose): void {
  withSelection(
    withManifest(
      add('run [file]', 'does what is new', [
        'run',
        'run pipelines/duel --profile example',
        'run --limit 20                 # a trial on a prefix; publishes nothing',
        "run --select '+king'           # king and what it needs",
        'run --set params.turns=550 --budget 5 --yes',
        'run --frozen                   # reproduce the lock without paying',
      ]),
    ),
  )
    .option('--limit <rows>', 'a trial: sources end after so many rows; outputs go under the run, no lock', wholeNumber)
    .option(
      '--frozen',
      'from cache, recordings and re-execution only: never pays, never resolves; exit 3 if the lock would change',
    )
    .option('--update', 'resolve floating names again')
    .option('--rerun <nodes>', 'run the code of these nodes again, with recorded answers (repeatable)', collect)
    .option('--resample <nodes>', 'pay for new answers of these nodes (repeatable)', collect)
    .option('--require <gate>', 'exit 4 unless this node (or node.evidence) is open (repeatable)', collect)
    .option('--budget <usd>', 'overrides the budget of the manifest', amount)
    .option('--record <dir>', 'write the answers that this run used as recordings for `provider: replay`')
    .option('--watch', 'run again whenever something the pipeline reads changes')
    .option('--yes', 'do not ask before spending')
    .option('--json', 'events as one JSON object a line')
    .option('--plain', 'plain lines even on a terminal')
    .action((file, flags) => choose(async (io) => (await import('./commands/run.ts')).run(file, flags, io)));
}

function addAsking(add: Add, choose: Choose): void {
  withManifest(
    add('why <file> <node> [row]', 'what became of a node or row, and which part of its key changed since when', [
      'why . king',
      'why . challenger sympy__sympy-1/turn/4',
    ]),
  ).action((file, node, row, flags) =>
    choose(async (io) => (await import('./commands/why.ts')).why(file, node, row, flags, io)),
  );
  withManifest(
    add('show <file> <port> [row]', 'rows of a port; or one row down to every file, row and paid call behind it', [
      'show . king',
      'show . king.rejected --count-by rejection.code',
      "show . duel --where 'score >= 80.0' --fields instance_id,score --sort -score",
      'show . dataset-row-key --json',
      'show . king sympy__sympy-1/turn/4 --prompt',
    ]),
  )
    .option('--run <id>', 'rows of an earlier run')
    .option('--where <condition>', 'a CEL condition over the fields')
    .option('--fields <paths>', 'only these fields, `a,b.c`')
    .option('--sort <path>', 'by a field; `-path` for descending')
    .option('--count-by <path>', 'how many rows have each value')
    .option('--limit <rows>', 'at most so many rows (default 20)', wholeNumber)
    .option('--prompt', 'the request of a row as it was, or would be, sent')
    .option('--json', 'rows as one JSON object a line')
    .action((file, port, row, flags) =>
      choose(async (io) => (await import('./commands/show.ts')).show(file, port, row, flags, io)),
    );
  add('status', 'lists recent runs', ['status', 'status --json'])
    .option('--cache <dir>', 'folder of the store')
    .option('--limit <runs>', 'at most so many (default 20)', wholeNumber)
    .option('--json', 'one JSON object a line')
    .action((flags) => choose(async (io) => (await import('./commands/status.ts')).status(flags, io)));
  withManifest(
    add('diff <a> <b> [file]', 'what changed between two runs, locks or profiles', [
      'diff last last~1',
      'diff old.lock.yaml pipeline.lock.yaml',
      'diff profile:example profile:mode1',
    ]),
  )
    .option('--json', 'one JSON object a line')
    .action((a, b, file, flags) =>
      choose(async (io) => (await import('./commands/diff.ts')).diff(a, b, file, flags, io)),
    );
  withManifest(
    add('doctor [file]', 'what works on this machine, and for this manifest: endpoints, secrets by name', [
      'doctor',
      'doctor pipelines/duel',
    ]),
  )
    .option('--json', 'one JSON object a line')
    .action((file, flags) => choose(async (io) => (await import('./commands/doctor.ts')).doctor(file, flags, io)));
  withManifest(add('open [file]', 'opens the last report in the browser', ['open', 'open --print']))
    .option('--print', 'print its path instead')
    .action((file, flags) => choose(async (io) => (await import('./commands/open.ts')).open(file, flags, io)));
}

function addKeeping(add: Add, choose: Choose): void {
  add('gc', 'removes stored bodies that no lock, pin or recent run needs', ['gc --dry-run', 'gc --keep-runs 3'])
    .option('--cache <dir>', 'folder of the store')
    .option('--dry-run', 'only say what would go')
    .option('--keep-runs <n>', 'recent runs that stay whole (default 10)', wholeNumber)
    .option('--spare <hours>', 'younger data stays (default 24); 0 only while nothing runs here', wholeNumber)
    .option('--calls', 'also paid answers that nothing refers to (they cost money to make again)')
    .action((flags) => choose(async (io) => (await import('./commands/gc.ts')).gc(flags, io)));
  add('verify', 'reads everything in the store against its digest', ['verify', 'verify --rebuild'])
    .option('--cache <dir>', 'folder of the store')
    .option('--rebuild', 'make the index anew from packs and journal')
    .action((flags) => choose(async (io) => (await import('./commands/verify.ts')).verify(flags, io)));
  add('completion <shell>', 'prints a completion script', [
    'completion bash > /etc/bash_completion.d/sluice',
    'completion zsh',
    'completion fish',
  ]).action((shell) => choose(async (io) => (await import('./commands/completion.ts')).completion(shell, io)));
}
