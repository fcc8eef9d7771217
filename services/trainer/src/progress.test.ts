import { describe, expect, it } from '@jest/globals';

import { createProgress } from './progress.ts';

function recorder(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, columns: 60, write: (text: string) => written.push(text), written };
}

describe('createProgress', () => {
  it('writes plain lines for every tenth where there is no terminal', () => {
    const output = recorder(false);
    const progress = createProgress(output, () => 0);
    for (let step = 1; step <= 100; step++)
      progress.update({ share: step / 100, label: 'train', detail: `step ${step}` });
    expect(output.written).toHaveLength(11);
    expect(output.written[0]).toBe('train 1 % step 1\n');
    expect(output.written[1]).toBe('train 10 % step 10 · 0 s left\n');
    expect(output.written[10]).toBe('train 100 % step 100\n');
    expect(output.written.join('')).not.toContain('\r');
  });

  it('redraws one line on a terminal, no wider than it, and not for every step', () => {
    const output = recorder(true);
    let time = 0;
    const progress = createProgress(output, () => (time += 10));
    for (let step = 1; step <= 1000; step++) {
      progress.update({ share: step / 1000, label: 'train', detail: `step ${step}/1000 · validation 3.21 nats` });
    }
    progress.done();
    expect(output.written.length).toBeLessThan(400);
    expect(output.written.at(-1)).toBe('\n');
    for (const text of output.written.slice(0, -1)) {
      expect(text.startsWith('\r\u001b[K')).toBe(true);
      expect(text.slice(4).length).toBeLessThanOrEqual(59);
    }
    expect(output.written.at(-2)).toContain('100 %');
  });

  it('estimates what is left from what has passed', () => {
    const output = recorder(false);
    let time = 0;
    const progress = createProgress(output, () => time);
    progress.update({ share: 0, label: 'train', detail: '' });
    time = 100_000;
    progress.update({ share: 0.5, label: 'train', detail: '' });
    expect(output.written[1]).toContain('1 min 40 s left');
  });

  it('writes nothing when nothing happened', () => {
    const output = recorder(true);
    createProgress(output).done();
    expect(output.written).toEqual([]);
  });
});
