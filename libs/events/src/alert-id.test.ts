import { describe, expect, it } from '@jest/globals';

import { alertId } from './alert-id.ts';

describe('alertId', () => {
  it('is a version 5 UUID', () => {
    expect(alertId('d', 't', 0, 1)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('never changes: consumers drop repeats by it', () => {
    expect(alertId('checkout-latency', 'orders.v2', 3, 41_007)).toBe('d196949c-761d-51e4-8efa-75777bb677fb');
  });

  it('differs in every part, also where parts joined as text would agree', () => {
    const ids = [
      alertId('d', 't', 0, 1),
      alertId('e', 't', 0, 1),
      alertId('d', 'u', 0, 1),
      alertId('d', 't', 1, 1),
      alertId('d', 't', 0, 2),
      alertId('d', 't', 0, 11),
      alertId('d', 't', 1, 1, 'opened', 1),
      alertId('d:t', '', 0, 1),
      alertId('d', ':t', 0, 1),
      alertId('d', 't', 0, 1, 'opened', 0, 'one life of t'),
      alertId('d', 't', 0, 1, 'opened', 0, 'another life of t'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
