import { type Cell, csvOf } from '../format/csv.ts';

/** Numbers of a chart or a list, by column. */
export interface Numbers {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Button that saves numbers as a CSV file. */
export function SaveCsv({ name, columns, rows }: Numbers) {
  return (
    <button type="button" class="button" onClick={() => save(name, csvOf(columns, rows))}>
      Save as CSV
    </button>
  );
}

function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `${name}.csv`;
  link.click();
  URL.revokeObjectURL(address);
}
