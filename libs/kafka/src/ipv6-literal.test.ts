import { describe, expect, it } from '@jest/globals';

import { seedBroker, socketHost } from './ipv6-literal.ts';

describe('seedBroker', () => {
  it.each(['::1', '2001:db8::7', 'fe80::1%eth0', '::ffff:127.0.0.1'])('carries [%s] through one colon', (address) => {
    const [host, port, ...more] = seedBroker(`[${address}]:9092`).split(':');
    expect([port, more]).toEqual(['9092', []]);
    expect(socketHost(host ?? '')).toBe(address);
  });

  it('leaves other hosts as they are', () => {
    expect(seedBroker('kafka-1.example:9092')).toBe('kafka-1.example:9092');
    expect(socketHost('kafka-1.example')).toBe('kafka-1.example');
    expect(socketHost('::1')).toBe('::1');
  });
});
