import { describe, expect, it } from '@jest/globals';

import { type Bucket, columnsOf } from './columns.ts';

const bucketAt = (minute: number, storedSeconds = 60): Bucket => ({
  ...{ at: new Date(minute * 60_000).toISOString(), storedSeconds, events: 4, anomalies: 0, expected: 1 },
  ...{ meanBits: minute, minBits: 0, maxBits: 9 },
});

describe('columnsOf', () => {
  it('has a threshold in bits, and breaks lines where there are no events', () => {
    const [xs, least, most, mean, threshold] = columnsOf({ buckets: [0, 1, 5].map((at) => bucketAt(at)), seconds: 60 });
    expect(xs).toEqual([0, 60, 210, 300]);
    expect(mean).toEqual([0, 1, null, 5]);
    expect([least.at(0), most.at(0), threshold.at(0)]).toEqual([0, 9, 2]);
  });

  it('draws an interval as long as it is stored, although points are closer', () => {
    const [xs, , , mean] = columnsOf({ buckets: [bucketAt(0, 3_600), bucketAt(60)], seconds: 60 });
    expect(xs.map(Math.round)).toEqual([0, 3_596, 3_600]);
    expect(mean).toEqual([0, 0, 60]);
  });
});
