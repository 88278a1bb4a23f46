/** later */
import type { Probed } from './probe.ts';
import type { UnitPool } from './unit-pool.ts';
export async function probeQuickjs(_pool: UnitPool): Promise<Probed> {
  return { missing: 'later', hint: '' };
}
