import { describe, expect, it } from '@jest/globals';

import { checkNode, describe as describeBackend } from './check-machine.ts';

describe('checkNode', () => {
  it.each([
    ['v20.19.0', 'ok'],
    ['v20.20.2', 'ok'],
    ['v22.1.0', 'ok'],
    ['v20.18.3', 'failed'],
    ['v18.20.0', 'failed'],
  ])('%s: %s', (version, status) => {
    expect(checkNode(version).status).toBe(status);
  });
});

describe('a compute backend', () => {
  const absent = {
    name: 'tensorflow',
    available: false,
    optional: true,
    device: null,
    why: 'it is not installed',
    remedy: 'Install it.',
    eventsPerSecond: null,
    batch: 512,
  } as const;

  it('may be absent where it is optional and not asked for', () => {
    expect(describeBackend(absent, null)).toMatchObject({
      status: 'skipped',
      detail: expect.stringContaining(absent.why),
    });
    expect(describeBackend(absent, 'tensorflow')).toMatchObject({ status: 'failed', remedy: 'Install it.' });
    expect(describeBackend({ ...absent, name: 'wasm', optional: false }, null).status).toBe('failed');
  });

  it('is shown with its device and rate', () => {
    const running = {
      ...absent,
      available: true,
      device: 'a GPU',
      why: null,
      remedy: null,
      eventsPerSecond: 1234567.8,
    };
    expect(describeBackend(running, null)).toMatchObject({
      status: 'ok',
      detail: '1,234,568 events/s at batch 512 on a GPU',
    });
  });
});
