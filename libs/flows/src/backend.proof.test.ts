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

  /** Output of a script, which may use `initBackend`, `realNVP` and `tf`, in its own process. */
  const run = async (script: string): Promise<unknown> => {
    const [backend, family] = ['./backend.ts', './families/real-nvp.ts'].map(
      (file) => new URL(file, import.meta.url).href,
    );
    const imports = `
      const { initBackend } = await import(${JSON.stringify(backend)});
      const { realNVP } = await import(${JSON.stringify(family)});
      const tf = await import('@tensorflow/tfjs-core');
      const codeOf = (start) => start.then(() => 'started', (error) => error.code);
      const make = () => { try { return realNVP({ features: 2, seed: 1 }).features; } catch (error) { return error.code; } };`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=flowline:source', '--import', 'tsx', '--input-type=module', '-e', `${imports}\n${script}`],
      { cwd: import.meta.dirname },
    );
    return JSON.parse(stdout);
  };

  it('leaves the handlers of the process as they are, those that others add meanwhile too', async () => {
    const handlers = await run(`
      const count = () => ['uncaughtException', 'unhandledRejection'].map((event) => process.listenerCount(event));
      const before = count();
      process.on('unhandledRejection', (reason) => console.log(JSON.stringify([before, count(), reason])));
      const start = initBackend('wasm');
      process.on('uncaughtException', (error) => { throw error; });
      await start;
      Promise.reject('mine');`);
    expect(handlers).toEqual([[0, 0], [1, 1], 'mine']);
  });

  it('shares a start under way: whoever waited may make a flow', async () => {
    const made = await run(`
      const first = initBackend('wasm');
      await initBackend('wasm');
      const second = make();
      await first;
      console.log(JSON.stringify([second, make(), tf.getBackend()]));`);
    expect(made).toEqual([2, 2, 'wasm']);
  });

  it('takes two backends that are asked for at once one after another', async () => {
    const made = await run(`
      const both = [initBackend('wasm'), initBackend('cpu')];
      const codes = await Promise.all(both.map(codeOf));
      console.log(JSON.stringify([codes, tf.getBackend(), make()]));`);
    expect(made).toEqual([['started', 'started'], 'cpu', 2]);
  });

  it('fails for everybody who waits, leaves the one that runs in place, and may be tried again', async () => {
    const made = await run(`
      const { WebAssembly } = globalThis;
      await initBackend('cpu');
      delete globalThis.WebAssembly;
      const codes = await Promise.all([initBackend('wasm'), initBackend('wasm'), initBackend('gpu')].map(codeOf));
      const between = [tf.getBackend(), make()];
      globalThis.WebAssembly = WebAssembly;
      console.log(JSON.stringify([codes, between, await codeOf(initBackend('wasm')), make()]));`);
    expect(made).toEqual([
      ['FLOWLINE_BACKEND_UNAVAILABLE', 'FLOWLINE_BACKEND_UNAVAILABLE', 'FLOWLINE_USAGE'],
      ['cpu', 2],
      'started',
      2,
    ]);
  });

  it('fails loudly, and says what to do, where there is no WebAssembly', async () => {
    // In its own process.
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
