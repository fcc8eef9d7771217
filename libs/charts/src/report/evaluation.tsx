/** @jsxRuntime automatic @jsxImportSource preact */
import { Bars } from '../bars.tsx';
import { ChartTable } from '../chart-table.tsx';
import { Curves } from '../curves.tsx';
import { formatPercent, formatValue } from '../format.ts';
import type { EvaluationData, RankedMethod, RankingCurve } from './report-data.ts';

/** Detection quality on labelled rows: numbers, baselines, and curves of each seed. */
export function Evaluation({ evaluation }: { readonly evaluation: EvaluationData }) {
  const { methods, seeds, roc, precision, anomalyShare, alarms } = evaluation;
  const listed = [
    ...methods.filter(({ isOurs }) => isOurs),
    ...(seeds.length > 1 ? seeds : []),
    ...methods.filter(({ isOurs }) => !isOurs),
  ];
  return (
    <>
      <div class="card scroll" tabIndex={0} role="region" aria-label="Quality by method">
        <table>
          <thead>
            <tr>
              {['', 'AUROC', 'average precision', 'recall at 1 % false alarms', 'CPU s'].map((name) => (
                <th key={name} scope="col" class={name === '' ? undefined : 'number'}>
                  {name === '' ? <span class="visually-hidden">method</span> : name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {listed.map((each) => (
              <Row key={each.name} {...each} />
            ))}
          </tbody>
        </table>
        <p class="muted small">{`False alarms: asked ${formatPercent(alarms.asked)} of the normal rows, raised ${formatPercent(alarms.realised)}. A random ranking has AUROC 0.5 and average precision ${formatValue(anomalyShare)}.`}</p>
      </div>
      {methods.length > 1 && (
        <div class="card">
          <h3>Average precision by method</h3>
          <Bars
            title="Average precision by method"
            description={`${methods.length} methods on the same splits`}
            most={1}
            bars={methods
              .toSorted((a, b) => b.averagePrecision - a.averagePrecision)
              .map((each) => ({ name: each.name, value: each.averagePrecision, isAccent: each.isOurs }))}
          />
        </div>
      )}
      <div class="grid">
        {charts(roc).map((series, i) => (
          <Ranking
            key={`roc ${i}`}
            name={`ROC curve${named(series)}`}
            note="Share of anomalies found by share of false alarms."
            series={series}
            labels={['false alarms', 'recall']}
            hasDiagonal
          />
        ))}
        {charts(precision).map((series, i) => (
          <Ranking
            key={`precision ${i}`}
            name={`Precision and recall${named(series)}`}
            note="Share of true ones among the alarms by share of anomalies found."
            series={series}
            labels={['recall', 'precision']}
          />
        ))}
      </div>
    </>
  );
}

/** Curves of a chart that are told apart. */
const MOST_CURVES = 4;

/** Curves by chart: each chart of other methods has ours, too. */
function charts(curves: readonly RankingCurve[]): readonly (readonly RankingCurve[])[] {
  const ours = curves.filter(({ isOurs }) => isOurs).slice(0, MOST_CURVES);
  const others = curves.filter(({ isOurs }) => !isOurs);
  const size = Math.max(1, MOST_CURVES - ours.length);
  const count = Math.ceil(others.length / size);
  if (count === 0) return [ours];
  return Array.from({ length: count }, (_, i) => [...ours, ...others.slice(i * size, (i + 1) * size)]);
}

/** Names of the methods of a chart that are compared with ours. */
function named(curves: readonly RankingCurve[]): string {
  const others = curves.filter(({ isOurs }) => !isOurs).map(({ name }) => name);
  return others.length === 0 ? '' : ` against ${others.join(', ')}`;
}

function Ranking(props: {
  readonly name: string;
  readonly note: string;
  readonly series: readonly RankingCurve[];
  readonly labels: readonly [string, string];
  readonly hasDiagonal?: true;
}) {
  const { name, note, series, labels, hasDiagonal = false } = props;
  return (
    <div class="card">
      <h3>{name}</h3>
      <p class="muted small">{note}</p>
      <Curves
        title={name}
        description={note}
        series={series}
        xLabel={labels[0]}
        yLabel={labels[1]}
        domain={{ x: [0, 1], y: [0, 1] }}
        hasDiagonal={hasDiagonal}
      />
      <ChartTable
        name={name}
        columns={['curve', ...labels]}
        rows={series.flatMap((each) => each.points.map(({ x, y }) => [each.name, x, y]))}
      />
    </div>
  );
}

function Row({ name, auroc, averagePrecision, recallAt1Percent, seconds, isOurs }: RankedMethod) {
  return (
    <tr>
      <td>{isOurs ? <strong>{name}</strong> : name}</td>
      <td class="number">{auroc.toFixed(4)}</td>
      <td class="number">{averagePrecision.toFixed(4)}</td>
      <td class="number">{recallAt1Percent.toFixed(3)}</td>
      <td class="number">{formatValue(Number(seconds.toPrecision(3)))}</td>
    </tr>
  );
}
