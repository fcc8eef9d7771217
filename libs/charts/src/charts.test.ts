import { describe, expect, it } from '@jest/globals';
import { h, type VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';

import {
  Bars,
  ChartTable,
  chartCsv,
  Curves,
  Density,
  Dots,
  formatPercent,
  formatTime,
  formatValue,
  HeatMap,
} from './index.ts';
import { Histogram, Interval, Sparkline } from './index.ts';

const hostile = '<script>alert(1)</script>"&';
const charts = {
  Sparkline: h(Sparkline, { title: hostile, values: [1, NaN, 3], expected: { low: 0, high: 2 } }),
  Curves: h(Curves, {
    title: hostile,
    series: [
      {
        name: hostile,
        points: [
          { x: 0, y: 1 },
          { x: 1, y: Infinity },
          { x: 2, y: 3 },
        ],
      },
    ],
    ...{ xLabel: 'step', yLabel: 'nats', marks: [{ x: 1, name: 'kept' }], hasDiagonal: true },
  }),
  Histogram: h(Histogram, { title: hostile, edges: [0, 1, 2], shares: [0.5, 0.5], xLabel: 'x' }),
  Interval: h(Interval, { title: hostile, observed: 9, median: 2, ranges: [{ low: 1, high: 3 }] }),
  Bars: h(Bars, { title: hostile, bars: [{ name: hostile, value: 2, error: 1 }] }),
  Dots: h(Dots, { title: hostile, estimates: [{ name: hostile, value: 2, low: 1, high: 3 }] }),
  Density: h(Density, {
    title: hostile,
    points: [
      { x: 0, y: 0 },
      { x: 1, y: 2 },
    ],
    observed: 5,
  }),
  HeatMap: h(HeatMap, { title: hostile, rows: [hostile], columns: ['a', 'b'], values: [[1, NaN]] }),
};

describe('charts', () => {
  it.each(Object.entries(charts) as [string, VNode][])(
    '%s is an image with a name, without markup from data and without NaN',
    (_, chart) => {
      const svg = renderToString(chart);
      expect(svg).toContain('role="img"');
      expect(svg).toContain('<title>&lt;script>alert(1)&lt;/script>&quot;&amp;</title>');
      expect(svg).not.toContain('<script');
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    },
  );

  it('Curves break at what is not finite', () => {
    const path = /chart-line stroke-1" d="([^"]*)"/.exec(renderToString(charts.Curves));
    expect(path?.[1]?.match(/M/g)).toHaveLength(2);
  });

  it('Interval tells inside from outside by shape and in words', () => {
    const of = (observed: number): string =>
      renderToString(h(Interval, { title: 'x', observed, median: 2, ranges: [{ low: 1, high: 3 }] }));
    expect(of(2)).toMatch(/<circle/);
    expect(of(2)).toContain('2, expected 1 to 3; inside');
    expect(of(9)).not.toMatch(/<circle/);
    expect(of(9)).toContain('9, expected 1 to 3; outside');
  });

  it('Histogram draws heights in proportion to shares', () => {
    const svg = renderToString(h(Histogram, { title: 'x', edges: [0, 1, 2], shares: [0.2, 0.4], xLabel: 'x' }));
    const [low = NaN, high = NaN] = [...svg.matchAll(/chart-bar"[^>]* height="([\d.]+)"/g)].map((found) =>
      Number(found[1]),
    );
    expect(high / low).toBeCloseTo(2, 6);
  });

  it('ChartTable offers all rows as CSV, of which a lone surrogate is replaced', () => {
    const html = renderToString(h(ChartTable, { name: 'p', columns: ['a'], rows: [['\uD800'], ['=1+1'], [2]] }));
    const address = /href="data:text\/csv;charset=utf-8,([^"]*)"/.exec(html);
    expect(decodeURIComponent(address?.[1] ?? '')).toBe("a\r\n\uFFFD\r\n'=1+1\r\n2\r\n");
  });
});

describe('texts', () => {
  it('have units, signs and at most four digits', () => {
    expect([formatValue(-1234.567), formatValue(0.00001234), formatValue(NaN)]).toEqual(['−1235', '1.23e−5', '–']);
    expect([formatPercent(0.00123), formatTime(0)]).toEqual(['0.12 %', '1970-01-01 00:00:00Z']);
  });

  it('of CSV are quoted by RFC 4180', () => {
    expect(chartCsv(['a,b', 'c'], [['say "x"', null]])).toBe('"a,b",c\r\n"say ""x""",\r\n');
  });
});
