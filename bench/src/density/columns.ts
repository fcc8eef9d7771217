import type { Column } from '../support/report.ts';
import type { Estimate } from '../support/statistics.ts';
import type { DensityData } from './data.ts';
import { recorded } from './recorded.ts';
import type { DensityRow } from './rows.ts';

const withError = (value: number, error: number | undefined, digits: number) =>
  error === undefined ? value.toFixed(digits) : `${value.toFixed(digits)} ± ${error.toFixed(digits)}`;

const difference = (estimate: Estimate | undefined) =>
  estimate === undefined ? '' : withError(estimate.mean, estimate.standardError, 3);

/**
 * Table columns for a data set's rows: NLL, the NLL in the data set's usual unit, and the
 * comparisons.
 */
export function columns(data: DensityData): Column<DensityRow>[] {
  const figures = recorded[data.name];
  const right = (title: string, text: (row: DensityRow) => string): Column<DensityRow> => ({
    title,
    align: 'right',
    text,
  });
  const reading = {
    rows: [],
    image: [right('bits/dim', ({ bitsPerDim }) => bitsPerDim?.toFixed(3) ?? '')],
    toy: [
      right('gap to the truth', ({ gap, gapStandardError }) =>
        gap === undefined ? '' : withError(gap, gapStandardError, 3),
      ),
    ],
  }[data.kind];
  return [
    { title: 'library', text: ({ library }) => library },
    { title: 'family', text: ({ family }) => family },
    right('parameters', ({ parameters }) => String(parameters)),
    right('steps', ({ steps }) => String(steps)),
    right('NLL, nats', ({ nll, standardError }) => withError(nll, standardError, 3)),
    ...reading,
    right('CPU s', ({ seconds }) => seconds.toFixed(0)),
    right('PyTorch, recorded', ({ library, family }) =>
      library === 'flowline' ? (figures[family]?.toFixed(3) ?? '') : '',
    ),
    right('less its counterpart', ({ againstCounterpart }) => difference(againstCounterpart)),
    right('less the best peer', ({ againstBest }) => difference(againstBest)),
  ];
}
