import { describe, expect, it } from '@jest/globals';

import { checkHost, isInternalAddress, resolveHost } from './addresses.ts';

describe('internal addresses', () => {
  it('are those of private, local and reserved networks, in every form', () => {
    const internal = [
      ...['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
      '168.63.129.16',
      ...[
        '::1',
        '::',
        'fe80::1',
        'fe80::1%eth0',
        'fd00::1',
        'ff02::1',
        '::ffff:127.0.0.1',
        '::ffff:a00:1',
        '::127.0.0.1',
      ],
      ...['64:ff9b::', '64:ff9b::1', '::ffff:0:127.0.0.1', '::ffff:0:a9fe:a9fe'],
      ...['64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '2002:7f00:1::', '224.0.0.1', '255.255.255.255', 'not an address'],
    ];
    for (const address of internal) expect([address, isInternalAddress(address)]).toEqual([address, true]);
    const others = ['93.184.216.34', '172.32.0.1', '2606:2800:220:1::1', '64:ff9b::5db8:d822', '::ffff:93.184.216.34'];
    for (const address of others) expect([address, isInternalAddress(address)]).toEqual([address, false]);
  });

  it('are refused unless they are allowed by name, and names by what they resolve to', async () => {
    expect(() => checkHost('127.0.0.1', [])).toThrow('private');
    expect(() => checkHost('[::1]', [])).toThrow('private');
    // Other ways to write loopback are the same host once they are parsed.
    expect(() => checkHost(new URL('http://0x7f.1/').hostname, [])).toThrow('private');
    expect(() => checkHost(new URL('http://2130706433/').hostname, ['10.0.0.1'])).toThrow('private');
    expect(() => checkHost('[::1]', ['::1'])).not.toThrow();
    await expect(resolveHost('localhost', [])).rejects.toMatchObject({ code: 'FLOWLINE_SINK_ADDRESS' });
    expect(await resolveHost('localhost', ['LOCALHOST'])).toMatch(/^(127\.0\.0\.1|::1)$/);
  });
});
