import type { ComponentChildren } from 'preact';

import { ChartTable, type LazyNumbers } from './chart-table.tsx';

/** Chart, or a table of small ones, with its numbers as a table and as CSV. */
export function ChartFigure({
  children,
  isFlush = false,
  ...numbers
}: LazyNumbers & {
  /** True for a table that reaches the edges of its card. */
  readonly isFlush?: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <figure class={isFlush ? 'figure figure-flush' : 'figure'}>
      {children}
      <ChartTable {...numbers} />
    </figure>
  );
}
