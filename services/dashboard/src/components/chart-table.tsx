import { NumbersSummary, NumbersTable } from '@flowline/charts';
import { useState } from 'preact/hooks';

import { type Numbers, SaveCsv } from './save-csv.tsx';

/** Numbers of a chart; its rows may be made when somebody opens them. */
export type LazyNumbers = Omit<Numbers, 'rows'> & { readonly rows: Numbers['rows'] | (() => Numbers['rows']) };

/** Numbers behind a chart: as a table and, whole, as CSV. */
export function ChartTable({ name, columns, rows }: LazyNumbers) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="chart-numbers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <NumbersSummary name={name} />
      {isOpen && <Opened name={name} columns={columns} rows={typeof rows === 'function' ? rows() : rows} />}
    </details>
  );
}

function Opened(numbers: Numbers) {
  return (
    <>
      <div class="actions chart-save">
        <SaveCsv {...numbers} />
        <span class="muted">{numbers.rows.length} rows</span>
      </div>
      <NumbersTable {...numbers} />
    </>
  );
}
