import { describe, expect, it } from '@jest/globals';

import { shownUrl } from './shown-sink.ts';

describe('shownUrl', () => {
  it.each([
    ['https://hooks.example.org/T0/secret', 'https://hooks.example.org/…'],
    ['HTTPS://hooks.example.org/T0/secret', 'https://hooks.example.org/…'],
    [' https://hooks.example.org/T0/secret', 'https://hooks.example.org/…'],
    ['ht\ntps://hooks.example.org/T0/secret', 'https://hooks.example.org/…'],
    ['https:hooks.example.org/T0/secret', 'https://hooks.example.org/…'],
    ['https://hooks.example.org?key=secret', 'https://hooks.example.org/…'],
    ['https://hooks.example.org/#secret', 'https://hooks.example.org'],
    ['https://hooks.example.org', 'https://hooks.example.org'],
    ['no address: secret', '…'],
    ['env:HOOK_URL', 'env:HOOK_URL'],
    ['file:/run/secrets/hook', 'file:/run/secrets/hook'],
  ])('shows %j as %j', (url, shown) => {
    expect(shownUrl(url)).toBe(shown);
  });
});
