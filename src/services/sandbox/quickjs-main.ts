/** The process that JavaScript candidates are interpreted in. Ends with its parent, and is replaced after anything that it could not stop. */

import type { Job } from './backend.ts';
import { runQuickjs } from './quickjs-run.ts';

process.on('message', (job: Job) => {
  runQuickjs(job).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ infrastructure: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
