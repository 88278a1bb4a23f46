/** Numbers against published or hand-worked values. */

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bootstrapMeans, bootstrapSeries, oneSidedBounds } from '#stats/bootstrap.ts';
import { clusterSpread, indexClusters, sumByCluster, toClusters } from '#stats/clusters.ts';
import { mean, quantile, standardDeviation, wilson } from '#stats/intervals.ts';
import { holm } from '#stats/multiplicity.ts';
import { normalCdf, normalQuantile } from '#stats/normal.ts';
import { signFlipTest } from '#stats/permutation.ts';
import { detectableDifference, observationsNeeded, powerOfMean } from '#stats/power.ts';
import { makeRandom } from '#stats/random.ts';

function near(actual: number, expected: number, tolerance = 1e-9): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}

const own = (values: readonly number[]) =>
  toClusters(
    values,
    values.map((_, at) => String(at)),
  );

test('the normal distribution agrees with published tables', () => {
  near(normalCdf(0), 0.5);
  near(normalCdf(1), 0.841344746068543);
  near(normalCdf(-1.959963984540054), 0.025);
  near(normalCdf(-5), 2.866515718791939e-7, 1e-15);
  near(normalQuantile(0.95), 1.6448536269514722);
  near(normalQuantile(0.975), 1.959963984540054);
  near(normalQuantile(0.001), -3.090232306167813);
});

test('quantile inverts the distribution function', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), (p) => {
      near(normalCdf(normalQuantile(p)), p, 1e-9);
    }),
  );
});

test('Wilson intervals as in Newcombe 1998, table I (81 of 263, 15 of 148, 0 of 20, 1 of 29)', () => {
  const rounded = (k: number, n: number) => wilson(k, n).map((bound) => bound.toFixed(4));
  assert.equal(rounded(81, 263), ['0.2553', '0.3662']);
  assert.equal(rounded(15, 148), ['0.0624', '0.1605']);
  assert.equal(rounded(0, 20), ['0.0000', '0.1611']);
  assert.equal(rounded(1, 29), ['0.0061', '0.1718']);
  assert.equal(wilson(0, 0), [0, 1]);
});

test('quantiles of type 7, mean and deviation', () => {
  assert.is(quantile([1, 2, 3, 4], 0.5), 2.5);
  near(quantile([1, 2, 3, 4], 0.05), 1.15);
  assert.ok(Number.isNaN(quantile([], 0.5)));
  assert.is(mean([1, 2, 6]), 3);
  near(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9]), 2.138089935299395);
  assert.is(standardDeviation([3]), 0);
});

test('at sd .4, 80 % power needs 99, 396 and 1,583 clusters for .10, .05 and .025', () => {
  assert.equal(
    [0.1, 0.05, 0.025].map((delta) => observationsNeeded(delta, 0.4)),
    [99, 396, 1583],
  );
  near(powerOfMean(396, 0.05, 0.4), 0.8, 1e-3);
  near(detectableDifference(396, 0.4), 0.05, 1e-4);
  assert.is(observationsNeeded(0, 0.4), Number.POSITIVE_INFINITY);
  assert.is(powerOfMean(0, 0.1, 0.4), 0);
});

test('the bootstrap is seeded, and its spread is the standard error at every n, 64 and 128 too', () => {
  for (const n of [10, 64, 128, 500]) {
    const random = makeRandom(n);
    const values = Array.from({ length: n }, () => random.index(1000) / 1000);
    const means = bootstrapMeans(own(values), { resamples: 4000, seed: 7 });
    assert.equal(means, bootstrapMeans(own(values), { resamples: 4000, seed: 7 }));
    assert.not.equal(means, bootstrapMeans(own(values), { resamples: 4000, seed: 8 }));
    const error = (standardDeviation(values) * Math.sqrt((n - 1) / n)) / Math.sqrt(n);
    near(standardDeviation(means) / error, 1, 0.06);
    const [low, high] = oneSidedBounds(means, 0.95);
    assert.ok(low < mean(values) && mean(values) < high);
  }
});

test('clusters, not values, are what is resampled', () => {
  // Ten clusters of a hundred equal values hold ten observations, not a thousand.
  const values = Array.from({ length: 1000 }, (_, at) => (Math.floor(at / 100) % 2 === 0 ? 1 : -1));
  const names = values.map((_, at) => `c${Math.floor(at / 100)}`);
  const clusters = toClusters(values, names);
  // Equal sizes: the standard deviation of ten means of 1 and -1.
  near(clusterSpread(clusters), Math.sqrt(10 / 9));
  const [low] = oneSidedBounds(bootstrapMeans(clusters, { resamples: 2000, seed: 1 }), 0.95);
  const [narrow] = oneSidedBounds(bootstrapMeans(own(values), { resamples: 2000, seed: 1 }), 0.95);
  assert.ok(low < -0.35 && narrow > -0.1, `${low} ${narrow}`);
});

test('order of the values changes nothing', () => {
  const values = [1, 2, 3, 4, 5, 6];
  const names = ['b', 'a', 'b', 'c', 'a', 'c'];
  const back = toClusters([...values].reverse(), [...names].reverse());
  assert.equal(toClusters(values, names), back);
});

test('sign flips: exact for few clusters, drawn for many', () => {
  assert.equal(signFlipTest(own([1, 1, 1]), { resamples: 10, seed: 1 }), { p: 1 / 8, exact: true });
  assert.is(signFlipTest(own([0, 0]), { resamples: 10, seed: 1 }).p, 1);
  assert.is(signFlipTest(own([]), { resamples: 10, seed: 1 }).p, 1);
  const drawn = signFlipTest(own(Array.from({ length: 40 }, () => 1)), { resamples: 999, seed: 1 });
  assert.equal(drawn, { p: 1 / 1000, exact: false });
});

test('under the null the sign-flip test rejects at its nominal rate', () => {
  const random = makeRandom(3);
  let rejected = 0;
  for (let trial = 0; trial < 400; trial++) {
    const values = Array.from({ length: 14 }, () => random.index(2001) - 1000);
    if (signFlipTest(own(values), { resamples: 0, seed: 0 }).p <= 0.05) rejected++;
  }
  assert.ok(rejected >= 8 && rejected <= 34, `${rejected} of 400`);
});

test('several series share their resamples, and each is what it is alone', () => {
  const names = ['a', 'a', 'b', 'c', 'c', 'c', 'd', 'e'];
  const index = indexClusters(names);
  const full = [1, 2, 3, 4, 5, 6, 7, 8];
  const some = full.map((value, at) => (at % 3 === 0 ? null : value));
  const options = { resamples: 500, seed: 3 };
  const [first, second, third] = bootstrapSeries(
    [full, some, full.map((value) => value * 2)].map((values) => sumByCluster(index, values)),
    options,
  );
  assert.equal(first, bootstrapMeans(toClusters(full, names), options));
  assert.equal(
    third,
    first?.map((mean) => mean * 2),
  );
  assert.ok(second?.every((mean) => mean >= 2 && mean <= 8));
  const [none] = bootstrapSeries(
    [
      sumByCluster(
        index,
        full.map(() => null),
      ),
    ],
    options,
  );
  assert.is(none?.length, 0);
});

test('a bootstrap of 64 and 128 equal chances is as wide as theory says', () => {
  for (const n of [64, 128]) {
    const values = Array.from({ length: n }, (_, at) => (at % 2 === 0 ? 1 : -1));
    const [low, high] = oneSidedBounds(bootstrapMeans(own(values), { resamples: 10_000, seed: 1 }), 0.95);
    near(high - low, (2 * 1.645) / Math.sqrt(n), 0.05);
  }
});

test('sign flips: every combination of up to 20 clusters, else a sample that agrees', () => {
  const sums = Array.from({ length: 20 }, (_, at) => (at % 4 === 0 ? -1 : 1) * (1 + at / 7));
  const brute = (values: readonly number[]): number => {
    const observed = values.reduce((all, value) => all + value, 0) - 1e-9;
    let found = 0;
    for (let mask = 0; mask < 2 ** values.length; mask++) {
      let sum = 0;
      for (const [at, value] of values.entries()) sum += (mask >> at) & 1 ? -value : value;
      if (sum >= observed) found++;
    }
    return found / 2 ** values.length;
  };
  const few = sums.slice(0, 11);
  assert.equal(signFlipTest(own(few), { resamples: 10, seed: 0 }), { p: brute(few), exact: true });
  // Clusters of zero stand still: 20 others are still tried out.
  const exact = signFlipTest(own([...sums, 0, 0, 0]), { resamples: 10, seed: 0 });
  assert.is(exact.exact, true);
  const sampled = signFlipTest(own([...sums, 1e-13]), { resamples: 20_000, seed: 2 });
  assert.is(sampled.exact, false);
  near(sampled.p, exact.p, 0.015);
});

test('Holm: the worked example of Holm 1979 in small', () => {
  assert.equal(
    holm([0.01, 0.04, 0.03, 0.005]).map((p) => Number(p.toFixed(6))),
    [0.03, 0.06, 0.06, 0.02],
  );
  assert.equal(holm([]), []);
  assert.equal(holm([0.7, 0.9]), [1, 1]);
});

test.run();
