import { type ChartTableProps, chartCsv, csvName } from '@flowline/charts';

/** Numbers of a chart or a list, by column. */
export type Numbers = ChartTableProps;

/** Button that saves numbers as a CSV file. */
export function SaveCsv({ name, columns, rows }: Numbers) {
  return (
    <button type="button" class="button" onClick={() => save(csvName(name), chartCsv(columns, rows))}>
      Save as CSV
    </button>
  );
}

function save(file: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = file;
  link.click();
  URL.revokeObjectURL(address);
}
