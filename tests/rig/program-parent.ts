/** A process that starts programs in every way there is and never ends by itself: `program-parent.ts DIR DIRECT_STARTS`. */

import { makeProcessService } from '#services/process/process-service.ts';

const [, , dir = '', directStarts = '0'] = process.argv;
const service = makeProcessService({
  manifestDir: dir,
  env: { PATH: process.env['PATH'] },
  redact: (text) => text,
  tempDir: dir,
  directStarts: Number(directStarts),
});

function run(script: string, input: { readonly stdin?: string } = {}): Promise<unknown> {
  const request = { argv: ['sh', '-c', script], env: {}, files: [], timeoutMs: 600_000, cwd: 'fresh' } as const;
  return service.run({ ...request, ...input }, new AbortController().signal);
}

await run('true');
await Promise.all([
  run(`echo $$ > ${dir}/plain; sleep 600`),
  run(`echo $$ > ${dir}/fed; sleep 600`, { stdin: 'x' }),
  run(`setsid sh -c 'echo $$ > ${dir}/daemon; sleep 600' & sleep 600`),
]);
