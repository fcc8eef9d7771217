import { expect, it } from '@jest/globals';

import { formatTable } from '../support/report.ts';
import { nllColumns, type NllRow, resultOf, stepColumns, stepLines, type StepRow } from './result.ts';

const row = (engine: StepRow['engine'], threads: number, batch: number, msPerStep: number): StepRow => {
  return { engine, model: 'd10', batch, threads, msPerStep };
};
const rows = [
  row('tfjs-wasm', 1, 256, 41.25),
  row('torch-fused', 1, 256, 4.5678),
  row('torch-fused', 2, 256, 3),
  row('tfjs-wasm', 1, 4096, 398.6),
  row('torch-fused', 1, 4096, 61),
];
const timeToNll: NllRow[] = [
  { engine: 'torch-fused', data: 'magic10', threads: 1, seconds: 12.34, nll: 4.7561 },
  { engine: 'tfjs-wasm', data: 'magic10', threads: 1, seconds: null, nll: 4.9 },
];

it('has published names', () => {
  expect(JSON.parse(JSON.stringify(resultOf(rows.slice(0, 1), timeToNll)))).toEqual({
    bench: 'training',
    rows: [{ engine: 'tfjs-wasm', model: 'd10', batch: 256, threads: 1, msPerStep: 41.25 }],
    timeToNll: [
      { engine: 'torch-fused', data: 'magic10', threads: 1, seconds: 12.34, nll: 4.7561 },
      { engine: 'tfjs-wasm', data: 'magic10', threads: 1, seconds: null, nll: 4.9 },
    ],
  });
});

it('prints a line per engine and number of threads, with a column per batch size', () => {
  expect(formatTable(stepColumns([256, 4096]), stepLines(rows))).toEqual([
    'engine       threads   256  4096',
    'tfjs-wasm          1  41.3   399',
    'torch-fused        1  4.57  61.0',
    'torch-fused        2  3.00',
  ]);
});

it('says of a time to an NLL that it was not reached', () => {
  expect(formatTable(nllColumns, timeToNll)).toEqual([
    'data     engine       threads      seconds  test NLL, nats',
    'magic10  torch-fused        1         12.3           4.756',
    'magic10  tfjs-wasm          1  not reached           4.900',
  ]);
});
