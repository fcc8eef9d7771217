import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { describe, expect, it } from '@jest/globals';

import { createLogger, silentLogger } from './logger.ts';
import { Shutdown } from './shutdown.ts';

// Signals are emitted, not sent: jest's sandbox has its own process object, which real signals do
// not reach.
function kill(signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
  process.emit(signal);
  return new Promise((resolve) => setTimeout(resolve, 20));
}

describe('Shutdown', () => {
  it('releases last in, first out, one after the other', async () => {
    const events: string[] = [];
    const shutdown = new Shutdown({ logger: silentLogger });
    shutdown.defer('pool', () => void events.push('pool'));
    shutdown.defer('consumer', async () => {
      events.push('consumer…');
      await new Promise((resolve) => setTimeout(resolve, 5));
      events.push('consumer');
    });
    expect(await shutdown.unwind()).toBe(true);
    expect(events).toEqual(['consumer…', 'consumer', 'pool']);
  });

  it('unwinds once, and aborts its signal first', async () => {
    let released = 0;
    const shutdown = new Shutdown({ logger: silentLogger });
    shutdown.defer('once', () => {
      expect(shutdown.signal.aborted).toBe(true);
      released++;
    });
    await Promise.all([shutdown.unwind(), shutdown.unwind()]);
    expect(released).toBe(1);
  });

  it('goes on after a release that fails', async () => {
    const lines: string[] = [];
    const logger = createLogger({ name: 't', destination: { write: (line) => void lines.push(line) } });
    let released = false;
    const shutdown = new Shutdown({ logger });
    shutdown.defer('below', () => void (released = true));
    shutdown.defer('broken', () => Promise.reject(new Error('boom')));
    expect(await shutdown.unwind()).toBe(true);
    expect(released).toBe(true);
    expect(lines.join('')).toContain('boom');
  });

  it('gives up at its deadline and names what was left', async () => {
    const lines: string[] = [];
    const logger = createLogger({ name: 't', destination: { write: (line) => void lines.push(line) } });
    const shutdown = new Shutdown({ logger, deadlineMs: 20 });
    shutdown.defer('below', () => undefined);
    shutdown.defer('hangs', () => new Promise(() => undefined));
    expect(await shutdown.unwind()).toBe(false);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ left: ['hangs', 'below'] });
  });

  it('exits with 1 where a signal’s deadline passes, whoever waits for what was left', async () => {
    const exits: number[] = [];
    const shutdown = new Shutdown({ logger: silentLogger, deadlineMs: 5, exit: (code) => void exits.push(code) });
    shutdown.defer('hangs', () => new Promise(() => undefined));
    const unlisten = shutdown.listen();
    try {
      await kill('SIGTERM');
      await shutdown.unwind();
      expect(exits).toEqual([1]);
    } finally {
      unlisten();
    }
  });

  it('leaves after a signal, whatever a library has left open', async () => {
    const script = `
      import { createLogger } from './logger.ts';
      import { Shutdown } from './shutdown.ts';
      new Shutdown({ logger: createLogger({ name: 't' }), lingerMs: 50 }).listen();
      setInterval(() => undefined, 1_000);
      console.log('ready');`;
    const child = spawn(
      process.execPath,
      ['--conditions=flowline:source', '--import', 'tsx', '--input-type=module', '-e', script],
      { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }, 30_000);

  it('begins on a signal, takes one that follows at once for the same, and exits on a later one', async () => {
    const exits: number[] = [];
    let nowMs = 0;
    const exit = (code: number): void => void exits.push(code);
    const shutdown = new Shutdown({ logger: silentLogger, exit, nowMs: () => nowMs });
    let release: () => void = () => undefined;
    shutdown.defer('slow', () => new Promise<void>((resolve) => (release = resolve)));
    const unlisten = shutdown.listen();
    try {
      await kill('SIGTERM');
      expect(shutdown.received).toEqual({ signal: 'SIGTERM', exitCode: 143 });
      nowMs = 900;
      await kill('SIGTERM');
      await kill('SIGINT');
      expect(exits).toEqual([]);
      nowMs = 1_100;
      await kill('SIGINT');
      expect(exits).toEqual([130]);
    } finally {
      unlisten();
      release();
    }
    expect(await shutdown.unwind()).toBe(true);
  });
});
