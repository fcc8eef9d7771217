import { IntervalPlot, rangesText } from '../charts/interval-plot.tsx';
import { call, type Item } from '../client/call.ts';
import { ChartFigure } from '../components/chart-figure.tsx';
import { Link } from '../components/link.tsx';
import { Card } from '../components/parts.tsx';
import { Blank } from '../components/states.tsx';
import { TableBox } from '../components/table-box.tsx';
import { formatBits, formatValue } from '../format/numbers.ts';
import { formatDuration } from '../format/times.ts';
import { useLoad } from '../state/use-load.ts';

type Anomaly = Pick<
  Item<'GET /v1/anomalies'>,
  'anomalyId' | 'detector' | 'observed' | 'expected' | 'contributions' | 'nearestNormal' | 'explanationFollows'
>;

/** Features of an event beside what was expected of each, the most surprising first. */
export function Explanation({
  anomaly,
  title,
  isOwnPage = false,
}: {
  readonly anomaly: Anomaly;
  readonly title: string;
  readonly isOwnPage?: boolean;
}) {
  const periods = usePeriods(anomaly.detector);
  const rows = rowsOf(anomaly);
  const most = Math.max(1e-9, ...rows.map(({ bits }) => bits ?? 0));
  const note = isOwnPage ? undefined : (
    <Link to={`/anomalies/${anomaly.anomalyId}`} class="link" data-explain>
      All of it
    </Link>
  );
  return (
    <Card title={title} flush note={note}>
      {anomaly.explanationFollows ? (
        <Blank title="The explanation follows.">
          <span>The anomaly was stored first; its explanation is computed within seconds.</span>
        </Blank>
      ) : (
        <ChartFigure
          name={`${anomaly.detector} anomaly ${anomaly.anomalyId}`}
          columns={['feature', 'observed', 'median', 'expected from', 'expected to', 'bits', 'nearest normal']}
          rows={() => rows.map((row) => numbersOf(row, anomaly.nearestNormal))}
          isFlush
        >
          <TableBox>
            <table class="table table-stack">
              <thead>
                <tr>
                  <th scope="col">Feature</th>
                  <th scope="col" class="number">
                    Observed
                  </th>
                  <th scope="col">Expected (90 %)</th>
                  <th scope="col">On its own scale</th>
                  <th scope="col">Surprise, bits</th>
                  {anomaly.nearestNormal !== null && (
                    <th scope="col" class="number">
                      Nearest normal
                    </th>
                  )}
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <FeatureRow
                    key={row.feature}
                    row={row}
                    most={most}
                    nearest={anomaly.nearestNormal}
                    period={periods.get(row.feature) ?? null}
                  />
                ))}
              </tbody>
            </table>
          </TableBox>
        </ChartFigure>
      )}
    </Card>
  );
}

/** Periods of the cyclic features of a detector in ms: their values are times. */
function usePeriods(detector: string): ReadonlyMap<string, number> {
  const { loaded } = useLoad(detector, (signal) =>
    call('GET /v1/detectors/{detector}', { params: { detector }, signal }),
  );
  if (loaded.state !== 'ready') return new Map();
  const { features = [] } = loaded.value.definition as {
    readonly features?: readonly { readonly name: string; readonly type: string; readonly period: number | null }[];
  };
  return new Map(
    features.flatMap(({ name, type, period }) =>
      type === 'cyclic' && period !== null ? [[name, period] as const] : [],
    ),
  );
}

interface Row {
  readonly feature: string;
  readonly observed: number | string | null;
  readonly expected: Anomaly['expected'][string] | undefined;
  readonly bits: number | null;
  readonly direction: string | null;
}

function rowsOf({ observed, expected, contributions }: Anomaly): readonly Row[] {
  const rank = new Map(contributions.map(({ feature }, i) => [feature, i]));
  const rows = Object.entries(observed).map(([feature, value]): Row => {
    const found = contributions.find((each) => each.feature === feature);
    return {
      ...{ feature, observed: value, expected: expected[feature] },
      ...{ bits: found?.bits ?? null, direction: found?.direction ?? null },
    };
  });
  return rows.sort((a, b) => (rank.get(a.feature) ?? Infinity) - (rank.get(b.feature) ?? Infinity) || 0);
}

/** Numbers of a row; a range of several parts from its first to its last. */
const numbersOf = ({ feature, observed, expected, bits }: Row, nearest: Anomaly['nearestNormal']) => [
  ...[feature, observed, expected?.median ?? null],
  ...[expected?.ranges?.at(0)?.low ?? expected?.p05 ?? null, expected?.ranges?.at(-1)?.high ?? expected?.p95 ?? null],
  ...[bits, nearest?.[feature] ?? null],
];

const BAR = 70;

function FeatureRow({
  row: { feature, observed, expected, bits, direction },
  most,
  nearest,
  period,
}: {
  readonly row: Row;
  readonly most: number;
  readonly nearest: Anomaly['nearestNormal'];
  readonly period: number | null;
}) {
  const usual = nearest?.[feature];
  const isChanged = usual !== undefined && usual !== observed;
  return (
    <tr>
      <td class="main-cell name-cell">
        {bits === null ? <span class="muted">{feature}</span> : <strong>{feature}</strong>}
        {direction !== null && <span class="muted small"> {direction}</span>}
      </td>
      <td class="number" data-name="Observed">
        {period !== null && typeof observed === 'number' ? formatDuration(observed % period) : formatValue(observed)}
      </td>
      <td data-name="Expected">
        {expected === undefined ? <span class="muted nowrap">given, not scored</span> : rangesText(expected)}
      </td>
      <td data-name="On its own scale">
        {expected !== undefined && (typeof observed === 'number' || observed === null) && (
          <IntervalPlot feature={feature} observed={observed} expected={expected} />
        )}
      </td>
      <td data-name="Surprise, bits">
        {bits !== null && (
          <span class="actions" style={{ flexWrap: 'nowrap' }}>
            <svg width={BAR} height="10" aria-hidden="true">
              <rect width={(BAR * Math.max(0, bits)) / most} height="10" rx="2" fill="var(--series-2)" />
            </svg>
            {formatBits(bits)}
          </span>
        )}
      </td>
      {nearest !== null && (
        <td class="number" data-name="Nearest normal">
          {isChanged ? <strong>{formatValue(usual)}</strong> : <span class="muted">same</span>}
        </td>
      )}
    </tr>
  );
}
