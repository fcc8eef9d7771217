import { describe, expect, it } from '@jest/globals';

import { demoJson, demoReport } from './report.ts';
import type { DemoResult } from './run-demo.ts';

const result: DemoResult = {
  events: 60_000,
  eventsPerSecond: 5_000,
  alerts: 613,
  falseAlarmRate: { expected: 0.001, measured: 0.002 },
  falseAlarms: 119,
  cleanEvents: 59_400,
  faults: {
    delaySeconds: { injected: 200, caught: 173 },
    distanceKm: { injected: 200, caught: 200 },
    wrongDestination: { injected: 200, caught: 199 },
  },
  top: [
    {
      event: {
        id: 'flight-1',
        timeMs: Date.UTC(2001, 5, 21, 20, 13),
        delay: 13_980,
        distance: 471,
        origin: 'MCO',
        destination: 'CLT',
        injected: 'delaySeconds',
      },
      summary: 'delay 13980, expected −16–61 given the rest',
      surpriseBits: 39.9,
    },
  ],
  ...{ losses: [8, 1], alarmDays: [0, 7, 14] },
  trainSeconds: 30,
  seconds: 60.5,
  backend: 'wasm-pool',
  kept: null,
  eventsFile: 'events.ndjson',
};

describe('the report of the demo', () => {
  it('is, as JSON, exactly the published fields', () => {
    expect(demoJson(result)).toEqual({
      events: 60_000,
      eventsPerSecond: 5_000,
      alerts: 613,
      falseAlarmRate: { expected: 0.001, measured: 0.002 },
      recall: { delaySeconds: 0.865, distanceKm: 1, wrongDestination: 0.995 },
      trainSeconds: 30,
      seconds: 60.5,
      backend: 'wasm-pool',
    });
  });

  it('tells a person rates, recall per fault, and each surprising event in a line', () => {
    const text = demoReport(result);
    expect(text).toContain('expected 1 in 1,000, measured 2 in 1,000   119 of 59,400');
    expect(text).toMatch(/delay in seconds +86\.5 % +173 of 200/);
    expect(text).toContain(
      '2001-06-21 20:13Z MCO→CLT  delay 13980, expected −16–61 given the rest  [injected: delay in seconds]',
    );
    expect(text).not.toMatch(/[▁█]/);
    const drawn = demoReport(result, true);
    expect(drawn).toContain('  training    █▁ validation 8.00 → 1.00 nats\n  alerts/day  ▁▅█ at most 14');
    expect(drawn).toMatch(/distance in .* +100\.0 % {2}█{10} {3}200 of 200/);
    expect(drawn).toContain('  █████ 2001-06-21 20:13Z MCO→CLT');
    expect(text).toContain('2 times as many');
    expect(text).toContain('npm run demo -- --keep');
  });

  it('names the database of a demo that was kept, and how to stop it', () => {
    const kept = { url: 'postgres://me@127.0.0.1:5/postgres', stopCommand: 'kill it' };
    const text = demoReport({ ...result, kept });
    expect(text).toContain(`export FLOWLINE_DATABASE_URL=${kept.url}`);
    expect(text).toContain('kill it   # stops it');
  });
});
