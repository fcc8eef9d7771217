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
  return (
    <details class="chart-numbers">
      <NumbersSummary name={name} />
      <a
        download={csvName(name)}
        href={`data:text/csv;charset=utf-8,${encodeURIComponent(wellFormed(chartCsv(columns, rows)))}`}
      >
        {`Save ${rows.length} rows as CSV`}
      </a>
      <NumbersTable name={name} columns={columns} rows={rows} />
    </details>
  );
}

/** Line that opens the numbers of a chart. */
export function NumbersSummary({ name }: { readonly name: string }) {
  return (
    <summary>
      Numbers<span class="visually-hidden">{` of ${name}`}</span>
    </summary>
  );
}

/** First numbers of a chart as a table, which scrolls. */
export function NumbersTable({ name, columns, rows }: ChartTableProps) {
  return (
    <div class="chart-scroll" tabIndex={0} role="region" aria-label={`Numbers of ${name}`}>
      <table>
        <thead>
          <tr>
            {columns.map((column, i) => (
              <th key={column} scope="col" class={typeof rows.at(0)?.at(i) === 'number' ? 'number' : undefined}>
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
                  {cell === null ? '' : formatValue(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_SHOWN && <p>{`The first ${MOST_SHOWN} of ${rows.length} rows; the file has all of them.`}</p>}
    </div>
  );
}

/** Name of the file of a chart's numbers. */
export const csvName = (name: string): string =>
  `${name
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .slice(0, 60)
    .replaceAll(/^-+|-+$/g, '')}.csv`;

/** Text without lone surrogates, which no address can hold. */
const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\uFFFD');
