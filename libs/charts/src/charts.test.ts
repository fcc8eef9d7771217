import { describe, expect, it } from '@jest/globals';
import { h, type VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';

import {
  Bars,
  ChartTable,
  CountBars,
  chartCsv,
  Curves,
  Density,
  Dots,
  EstimateLine,
  formatCount,
  formatPercent,
  formatTime,
  formatValue,
  HeatMap,
  HeatStrip,
} from './index.ts';
import {
  csvName,
  Histogram,
  Interval,
  NumbersTable,
  RangeLine,
  type RangePoint,
  Sparkline,
  themeCss,
} from './index.ts';

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
  CountBars: h(CountBars, { title: hostile, bars: [{ name: hostile, count: 2, low: 0, high: 3, title: hostile }] }),
  EstimateLine: h(EstimateLine, { title: hostile, estimate: { value: 1, low: 1, high: 1 }, domain: [1, 1] }),
  RangeLine: h(RangeLine, {
    ...{ title: hostile, points: [], step: 1, domain: [0, 9], expected: null, formatX: () => hostile },
    odd: [{ x: 1, y: 1, title: hostile }],
  }),
  HeatStrip: h(HeatStrip, { title: hostile, places: 2, cells: [{ place: 1, strength: 1, title: hostile }] }),
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

  it('CountBars marks counts beyond their band, and draws small ones without an axis', () => {
    const bars = [
      { name: 'a', count: 3, low: 0, high: 3 },
      { name: 'b', count: 4, low: 0, high: 3 },
    ];
    const svg = renderToString(h(CountBars, { title: 'x', bars }));
    expect(svg.match(/chart-count/g)).toHaveLength(2);
    expect(svg.match(/chart-beyond/g)).toHaveLength(1);
    expect(svg).toContain('<text');
    expect(renderToString(h(CountBars, { title: 'x', bars, isSmall: true }))).not.toContain('<text');
  });

  it('Curves draws ranges of x, a range of y by x, and a filled area, within its axes', () => {
    const svg = renderToString(
      h(Curves, {
        ...{ title: 'x', xLabel: 'x', yLabel: 'y', width: 200, height: 100 },
        series: [
          {
            name: 'a',
            points: [
              { x: 0, y: 0 },
              { x: 4, y: 1 },
            ],
            isFilled: true,
            colour: 'red',
          },
        ],
        bands: [{ low: 1, high: 2 }],
        envelope: [
          { x: 0, low: 0, high: 1 },
          { x: 4, low: 0, high: 8 },
        ],
        marks: [{ x: 3, name: 'mark', colour: 'blue' }],
      }),
    );
    expect(svg).toContain('stroke="red"');
    expect(svg).toContain('class="chart-filled" d="M');
    // A quarter of the plot, from a quarter of it on; the axis reaches up to the envelope's 8.
    expect(svg).toMatch(/<g class="chart-band"><rect x="85.5" width="33.5"/);
    expect(svg).toMatch(/<path d="M52,57.5L186,12L186,64L52,64Z"/);
  });

  it('RangeLine breaks where there is no interval, and points to what lies beyond its axis', () => {
    const points = [0, 1, 3].map((x): RangePoint => ({ x, low: 0, median: 5, high: 10, title: `at ${x}` }));
    const svg = renderToString(
      h(RangeLine, {
        ...{ title: 'x', points, step: 1, domain: [0, 4], expected: { low: 2, high: 8 }, formatX: String },
        odd: [5, 1e6, -1e6].map((y) => ({ x: 1, y, title: String(y) })),
      }),
    );
    expect(/chart-line stroke-1" d="([^"]*)"/.exec(svg)?.[1]?.match(/M/g)).toHaveLength(2);
    expect(svg.match(/<circle/g)).toHaveLength(1);
    expect([svg.includes('l4.5 8h-9z'), svg.includes('l4.5 -8h-9z')]).toEqual([true, true]);
    expect(svg.match(/class="chart-edge"/g)).toHaveLength(2);
    expect(svg).toContain('<title>at 3</title>');
  });

  it('RangeLine keeps its axis to most ranges', () => {
    const points = Array.from({ length: 20 }, (_, x): RangePoint => ({
      x,
      low: 0,
      median: 5,
      high: x === 7 ? 1e6 : 10,
      title: '',
    }));
    const svg = renderToString(h(RangeLine, { title: 'x', points, step: 1, domain: [0, 20], formatX: String }));
    expect(svg).not.toContain('1e6');
    expect(svg).toMatch(/>10<\/text>/);
  });

  it('HeatStrip draws the strongest cell at its place', () => {
    expect(renderToString(charts.HeatStrip)).toMatch(/chart-alarm" x="9.5" width="8"[^>]*fill-opacity="1"/);
  });

  it('NumbersTable shows the first rows, and says how many there are', () => {
    const html = renderToString(
      h(NumbersTable, { name: 'p', columns: ['a'], rows: Array.from({ length: 201 }, () => [1]) }),
    );
    expect(html.match(/<td/g)).toHaveLength(200);
    expect(html).toContain('The first 200 of 201 rows');
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

  it('count in full below a million', () => {
    expect([1_234, 1_250_000, 2.5e9, NaN].map(formatCount)).toEqual(['1,234', '1.3 M', '2.5 G', '–']);
  });

  it('of CSV are no formulas, and a file has a plain name', () => {
    expect(chartCsv(['x'], [['=cmd()'], ['@a'], [-2], ['two\nlines']])).toBe(
      'x\r\n\'=cmd()\r\n\'@a\r\n-2\r\n"two\nlines"\r\n',
    );
    expect(csvName('a/b: "c"')).toBe('a-b-c.csv');
  });

  it('of CSV are quoted by RFC 4180', () => {
    expect(chartCsv(['a,b', 'c'], [['say "x"', null]])).toBe('"a,b",c\r\n"say ""x""",\r\n');
  });
});

describe('themeCss', () => {
  it('has the same variables in both themes, by the system and by choice', () => {
    const blocks = [...themeCss.matchAll(/\{([^{}]*)\}/g)].map(([, block = '']) => block);
    const namesOf = (block: string) => [...block.matchAll(/--([\w-]+):/g)].map(([, name]) => name);
    const [light = '', bySystem = '', byChoice = ''] = blocks;
    expect(bySystem).toBe(byChoice);
    expect(namesOf(light).filter((name) => !['radius', 'mono', 'sans'].includes(String(name)))).toEqual(
      namesOf(byChoice),
    );
    expect(namesOf(byChoice).length).toBeGreaterThan(20);
  });
});

describe('the diagonal of curves', () => {
  const diagonalOf = (y: readonly [number, number]): readonly number[] => {
    const text = renderToString(
      h(Curves, {
        ...{ title: 'calibration', xLabel: 'promised', yLabel: 'measured', hasDiagonal: true, height: 240 },
        ...{ series: [{ name: 'measured', points: [{ x: 0, y: 0 }] }], domain: { x: [-3, 0], y } },
      }),
    );
    const d = /class="chart-reference" d="([^"]*)"/.exec(text)?.[1] ?? '';
    return [...d.matchAll(/[ML][\d.]+,([\d.]+)/g)].map(([, height]) => Number(height));
  };

  it('ends within both axes', () => {
    expect(diagonalOf([-3, 0])).toEqual([204, 12]);
    expect(diagonalOf([-1, 0])).toEqual([204, 12]);
    expect(diagonalOf([-3, 3])).toEqual([204, 108]);
  });

  it('is none where no value is on both', () => {
    expect(diagonalOf([1, 2])).toEqual([]);
  });
});
