import { describe, expect, it } from '@jest/globals';

import { showsTextCharts, textBar, textSparkline } from './text.ts';

describe('showsTextCharts', () => {
  it('is for terminals, NO_COLOR turns it off, and FORCE_COLOR decides', () => {
    const [terminal, pipe] = [{ isTTY: true }, {}];
    expect([showsTextCharts(terminal, {}), showsTextCharts(pipe, {})]).toEqual([true, false]);
    expect(showsTextCharts(terminal, { NO_COLOR: '1' })).toBe(false);
    expect(showsTextCharts(terminal, { NO_COLOR: '' })).toBe(true);
    expect(showsTextCharts(pipe, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(true);
    expect(showsTextCharts(pipe, { FORCE_COLOR: '' })).toBe(true);
    expect(showsTextCharts(terminal, { FORCE_COLOR: '0' })).toBe(false);
    expect(showsTextCharts(terminal, { FORCE_COLOR: 'false' })).toBe(false);
  });
});

describe('textSparkline', () => {
  it('goes from the lowest value to the highest, or up from a given one', () => {
    expect(textSparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
    expect(textSparkline([6, 7])).toBe('▁█');
    expect(textSparkline([6, 7], { low: 0 })).toBe('▇█');
    expect(textSparkline([0, 0, 0], { low: 0 })).toBe('▁▁▁');
  });

  it('leaves a blank where there is no value', () => {
    expect(textSparkline([0, NaN, Infinity, 7])).toBe('▁  █');
    expect(textSparkline([NaN])).toBe(' ');
    expect(textSparkline([])).toBe('');
  });

  it('shows means of neighbours of more values than its width', () => {
    const values = Array.from({ length: 101 }, (_, i) => (i < 51 ? 0 : 7));
    expect(textSparkline(values, { width: 4 })).toMatch(/^▁▁.█$/);
    expect(textSparkline([0, NaN, NaN, NaN, 4, 4], { width: 3 })).toBe('▁ █');
  });
});

describe('textBar', () => {
  it('is as long as its value, to an eighth, and at most its width', () => {
    expect(textBar(5, 10)).toBe('█████');
    expect(textBar(9, 16, 2)).toBe('█▏');
    expect([textBar(20, 10, 3), textBar(1e-9, 10), textBar(0, 10)]).toEqual(['███', '▏', '']);
    expect([textBar(NaN, 10), textBar(1, 0), textBar(-1, 10)]).toEqual(['', '', '']);
  });
});
