import { expect, it } from '@jest/globals';

import { formatTable } from './report.ts';

it('aligns names on the left and numbers on the right', () => {
  const lines = formatTable<{ readonly name: string; readonly rate: number }>(
    [
      { title: 'engine', text: ({ name }) => name },
      { title: 'events/s', align: 'right', text: ({ rate }) => rate.toFixed(0) },
    ],
    [
      { name: 'wasm', rate: 1234567890 },
      { name: 'reference', rate: 5 },
    ],
  );
  expect(lines).toEqual(['engine       events/s', 'wasm       1234567890', 'reference           5']);
});
