/**
 * GitHub's limits, as it tells them: X-RateLimit-Remaining and -Reset for the hourly one, Retry-After or a message for the
 * secondary ones, both with 403 or 429 (docs.github.com, "Rate limits for the REST API").
 */

/** Longer ones end the run by name: what was fetched is kept. */
export const MOST_LIMIT_WAIT_MS = 10 * 60_000;

/** As advised where a secondary limit says no time. */
const SECONDARY_MS = 60_000;

/** @param wall milliseconds since the epoch */
export function limitWait(
  status: number,
  headers: { readonly [name: string]: string },
  body: string,
  wall: number,
): number | null {
  if (status !== 403 && status !== 429) return null;
  const retryAfter = headers['retry-after'];
  if (retryAfter !== undefined && /^\d+(\.\d+)?$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN);
  if (headers['x-ratelimit-remaining'] === '0' && Number.isFinite(reset)) return Math.max(0, reset * 1000 - wall);
  if (/secondary rate limit|abuse detection/i.test(body)) return SECONDARY_MS;
  return status === 429 ? SECONDARY_MS : null;
}
