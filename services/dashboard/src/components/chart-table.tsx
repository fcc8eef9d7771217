import { type Numbers, SaveCsv } from './save-csv.tsx';

const MOST_SHOWN = 200;

/** Numbers behind a chart: as a table and, whole, as CSV. */
export function ChartTable({ name, columns, rows }: Numbers) {
  return (
    <details class="more">
      <summary>Numbers</summary>
      <div class="actions" style={{ margin: '0.5rem 0' }}>
        <SaveCsv {...{ name, columns, rows }} />
        {rows.length > MOST_SHOWN && (
          <span class="muted small">
            The first {MOST_SHOWN} of {rows.length} rows.
          </span>
        )}
      </div>
      <div
        class="table-box"
        style={{ maxHeight: '22rem' }}
        tabIndex={0}
        role="region"
        aria-label={`Numbers of ${name}`}
      >
        <table class="table">
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
                  <td key={j}>{cell ?? ''}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
