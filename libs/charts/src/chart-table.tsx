/** @jsxRuntime automatic @jsxImportSource preact */
import { chartCsv, type ChartCell } from './csv.ts';
import { formatValue } from './format.ts';

/** Numbers behind a chart. */
export interface ChartTableProps {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly ChartCell[])[];
}

const MOST_SHOWN = 200;

/** Numbers behind a chart: a table to open, and all of them as CSV. */
export function ChartTable({ name, columns, rows }: ChartTableProps) {
  const file = `${name.replaceAll(/[^\p{L}\p{N}]+/gu, '-').slice(0, 60)}.csv`;
  return (
    <details class="chart-numbers">
      <summary>
        Numbers<span class="visually-hidden">{` of ${name}`}</span>
      </summary>
      <a
        download={file}
        href={`data:text/csv;charset=utf-8,${encodeURIComponent(wellFormed(chartCsv(columns, rows)))}`}
      >
        {`Save ${rows.length} rows as CSV`}
      </a>
      <div class="chart-scroll" tabIndex={0} role="region" aria-label={`Numbers of ${name}`}>
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST_SHOWN).map((row, i) => (
              <tr key={i}>
                {row.map((cell, j) => (
                  <td key={j} class={typeof cell === 'number' ? 'number' : undefined}>
                    {typeof cell === 'number' ? formatValue(cell) : (cell ?? '')}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** Text without lone surrogates, which no address can hold. */
const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\uFFFD');
