/** Calls in flight and the nodes that sent them, immutable: hundreds are in flight, so one that comes or goes must not copy them all. */

import type { Digest } from '#contract/json.ts';

export interface Flights {
  readonly size: number;
  readonly buckets: readonly (ReadonlyMap<Digest, string> | undefined)[];
}

const BUCKETS = 64;

export const NO_FLIGHTS: Flights = { size: 0, buckets: new Array(BUCKETS).fill(undefined) };

export function senderOf({ buckets }: Flights, call: Digest): string | undefined {
  return buckets[bucketOf(call)]?.get(call);
}

/** @param call not in flight yet */
export function withFlight({ size, buckets }: Flights, call: Digest, node: string): Flights {
  const place = bucketOf(call);
  return { size: size + 1, buckets: buckets.with(place, new Map(buckets[place]).set(call, node)) };
}

/** @param call in flight */
export function withoutFlight({ size, buckets }: Flights, call: Digest): Flights {
  const place = bucketOf(call);
  const bucket = new Map(buckets[place]);
  bucket.delete(call);
  return { size: size - 1, buckets: buckets.with(place, bucket.size === 0 ? undefined : bucket) };
}

/** Keys are digests: any few of their digits will do. */
function bucketOf(call: Digest): number {
  return (call.charCodeAt(0) * 7 + call.charCodeAt(1) * 31 + call.length) % BUCKETS;
}
