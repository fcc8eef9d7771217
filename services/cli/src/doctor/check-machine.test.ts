import { describe, expect, it } from '@jest/globals';

import { checkNode, checkTraining, describe as describeBackend, describeTraining } from './check-machine.ts';

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

describe('the code that trains', () => {
  it('is shown with its device and the reason for it', async () => {
    expect(await checkTraining('wasm')).toMatchObject({
      check: 'training',
      status: 'ok',
      detail: expect.stringMatching(/^engine \(\d+ threads? beside the calling one, .*SIMD\): it has compiled steps/),
    });
  });

  it('is a warning where it is not compiled', () => {
    const reason = 'tfjs-wasm (1 thread, through tensors): compiled code cannot train the realNVP flow: no SIMD';
    expect(describeTraining({ backend: 'tfjs-wasm', device: '1 thread', why: 'no SIMD', reason })).toMatchObject({
      status: 'warning',
      detail: reason,
    });
  });
});
