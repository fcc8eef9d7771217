import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from './backend.ts';
import { realNVP } from './families/real-nvp.ts';

describe('initBackend', () => {
  it('is required before the first flow', () => {
    expect(() => realNVP({ features: 1, seed: 1 })).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_BACKEND_UNAVAILABLE', remedy: expect.stringContaining('initBackend') }),
    );
  });

  it('starts wasm and cpu, and may be called again', async () => {
    await initBackend('wasm');
    await initBackend('wasm');
    expect(tf.getBackend()).toBe('wasm');
    await initBackend('cpu');
    expect(tf.getBackend()).toBe('cpu');
    await initBackend('wasm');
  });

  it('fails loudly, and says what to do, where there is no WebAssembly', async () => {
    // In a process of its own.
    const script = `
      const { initBackend } = await import(${JSON.stringify(new URL('./backend.ts', import.meta.url).href)});
      delete globalThis.WebAssembly;
      await initBackend('wasm').then(() => console.log('started'), (error) => console.log(error.code, error.remedy !== undefined));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=flowline:source', '--import', 'tsx', '--input-type=module', '-e', script],
      { cwd: import.meta.dirname },
    );
    expect(stdout.trim()).toBe('FLOWLINE_BACKEND_UNAVAILABLE true');
  });
});
