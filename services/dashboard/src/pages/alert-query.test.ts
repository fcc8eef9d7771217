import { describe, expect, it } from '@jest/globals';

import { addressOfFilters, commandOf, conditionsOf, filtersOf, filtersOfIncident } from './alert-query.ts';

const of = (text: string) => filtersOf(new URLSearchParams(text));

describe('filters of alerts', () => {
  it('are those of the address, and return to it', () => {
    const text = 'severity=major&kind=storm&detector=a&entity=b&from=2026-01-01T00%3A00%3A00Z&state=all&seen=no';
    expect(addressOfFilters('/alerts', of(text))).toBe(`/alerts?${text}`);
    expect(addressOfFilters('/alerts', of(''))).toBe('/alerts');
  });

  it('leave out what nobody could have chosen', () => {
    expect(conditionsOf(of('severity=terrible&kind=&state=shut&from=yesterday'))).toEqual({ state: 'open' });
  });

  it('are conditions of the API', () => {
    expect(conditionsOf(of('state=all&seen=no&of=none&entity=x'))).toEqual({
      ...{ acknowledged: false, hasEntity: false, entity: 'x' },
    });
  });

  it('are options of the command, quoted for a shell', () => {
    expect(commandOf(of("state=resolved&entity=o'clock"))).toBe(
      `flowline alerts ls --state resolved --entity 'o'\\''clock'`,
    );
  });
});

describe('filters of an incident', () => {
  const incident = {
    ...{ firstSeen: '2026-01-01T00:00:00.000Z', lastSeen: '2026-01-01T01:00:00.999Z' },
    ...{ detectors: ['a', 'b'], entity: 'berlin' },
  };

  it('hold the last anomaly of its last alert', () => {
    expect(filtersOfIncident({ ...incident, detectors: ['a'] }, of('kind=storm'), 'detector')).toMatchObject({
      ...{ from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T01:00:01.000Z', detector: 'a', kind: 'storm' },
    });
  });

  it('are of its entity across detectors, or of no entity', () => {
    const whole = filtersOfIncident(incident, of(''), 'entity');
    expect([whole.entity, whole.detector]).toEqual(['berlin', undefined]);
    const none = filtersOfIncident({ ...incident, entity: null }, of(''), 'entity');
    expect([none.entity, none.detector, none.hasEntity]).toEqual([undefined, 'a', false]);
  });
});
