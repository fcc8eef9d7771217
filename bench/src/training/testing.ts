import type { RowLookup } from '@flowline/flows';

/** Draws rows as a training does: some for its initialisation, then `steps` batches, in chunks. */
export function drawAll(
  lookup: RowLookup,
  { initial, batch, chunk, steps }: Readonly<Record<'initial' | 'batch' | 'chunk' | 'steps', number>>,
  onStep: () => void = () => undefined,
): void {
  const draw = (rows: number): void => {
    for (let from = 0; from < rows; from += chunk) lookup.rowsAt(new Int32Array(Math.min(chunk, rows - from)));
  };
  draw(initial);
  for (let step = 0; step < steps; step++) {
    draw(batch);
    onStep();
  }
}
