import { useEffect, useMemo, useState } from 'preact/hooks';

import type { EventValues } from '../client/model-program.ts';
import { ChartTable } from '../components/chart-table.tsx';
import { Card } from '../components/parts.tsx';
import { Blank, ProblemNote } from '../components/states.tsx';
import { setQuery, usePlace } from '../state/router.ts';
import { type Axis, axisFeatures, axisOf, shareOf } from './axis.ts';
import { DensityMap } from './density-map.tsx';
import { FeatureControls } from './feature-controls.tsx';
import { type Grid, gridOf, valuesAt } from './grid.ts';
import type { Explored } from './load-explorer.ts';
import { MapOptions } from './map-options.tsx';
import { type PointScore, Reading, wordsOf } from './reading.tsx';
import type { Shade } from './shades.ts';
import { useComputed } from './use-computed.ts';

/** Pause after which the address says where the point is. */
const PAUSE_MS = 300;

/** Density of a model over two features, with a point to move through it. */
export function Explorer({ name, explored }: { readonly name: string; readonly explored: Explored }) {
  const { query } = usePlace();
  const { model, usual } = explored;
  const [values, setValues] = useState<EventValues>(() => ({ ...usual, ...valuesOf(query.get('at'), explored) }));
  const [start] = useState(values);
  useEffect(() => {
    if (values === start) return;
    const timer = setTimeout(() => setQuery({ at: JSON.stringify(values) }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [values, start]);
  const along = axisFeatures(model.features);
  const scored = along.filter((axis) => model.features.some(({ spec }) => spec.name === axis.name && isScored(spec)));
  const named = (key: string) => along.find((axis) => axis.name === query.get(key));
  const x = named('x') ?? scored.at(0) ?? along.at(0);
  const others = [...scored, ...along].filter((axis) => axis !== x);
  const asked = named('y');
  const y = asked === undefined || asked === x ? others.at(0) : asked;
  if (x === undefined || y === undefined) {
    return (
      <Card title="Explorer">
        <Blank title="The model has only one number.">
          <span>A map needs two. The page of an anomaly shows the density of one, given the rest.</span>
        </Blank>
      </Card>
    );
  }
  return (
    <Mapped
      {...{ name, explored, values, start, onChange: setValues }}
      {...{ axes: along, shade: query.get('colour') === 'surprise' ? 'surprise' : 'density' }}
      x={x}
      y={y}
      dots={query.get('dots')}
    />
  );
}

const isScored = ({ role, type }: { readonly role: string; readonly type: string }): boolean =>
  role === 'score' && type !== 'cyclic';

/** Values of the address that features of the model can have. */
function valuesOf(text: string | null, { model }: Explored): EventValues {
  let given: unknown;
  try {
    given = JSON.parse(text ?? '{}');
  } catch {
    // An address that somebody has changed by hand: the point begins where it is usual.
    return {};
  }
  if (typeof given !== 'object' || given === null) return {};
  const entries = Object.entries(given).filter(([feature, value]) => {
    const found = model.features.find(({ spec }) => spec.name === feature);
    if (found === undefined) return false;
    if (value === null) return found.spec.nullable;
    return typeof value === (found.values.kind === 'levels' ? 'string' : 'number');
  });
  return Object.fromEntries(entries);
}

interface MappedProps {
  readonly name: string;
  readonly explored: Explored;
  readonly values: EventValues;
  /** Values with which the page began, which the axes reach. */
  readonly start: EventValues;
  readonly onChange: (values: EventValues) => void;
  readonly axes: readonly Axis['feature'][];
  readonly shade: Shade;
  readonly x: Axis['feature'];
  readonly y: Axis['feature'];
  readonly dots: string | null;
}

const none: readonly EventValues[] = [];

function Mapped({ name, explored, values, start, onChange, axes, shade, x, y, dots }: MappedProps) {
  const { model, alpha, samples, anomalies } = explored;
  const [xAxis, yAxis] = useMemo(
    () => [axisOf(x, samples, start), axisOf(y, samples, start)] as const,
    [x.name, y.name, samples, start],
  );
  const thresholdBits = alpha === null ? null : -Math.log2(alpha);
  const rest = JSON.stringify({ ...values, [x.name]: 0, [y.name]: 0 });
  const map = useComputed(() => gridOf(model, values, xAxis, yAxis), [model, rest, xAxis, yAxis]);
  const point = useComputed(async (): Promise<PointScore> => {
    const { logDensityNats, pValues } = await model.score([values]);
    const [nats = NaN, p = NaN] = [logDensityNats.at(0), pValues.at(0)];
    return { logDensityNats: nats, pValue: p, bits: -Math.log2(p) };
  }, [model, values]);
  const problem = point.problem ?? map.problem;
  const missing = [x.name, y.name].filter((feature) => typeof values[feature] !== 'number');
  const isBeyond = [xAxis, yAxis].some((axis) => {
    const value = values[axis.feature.name];
    return typeof value === 'number' && Math.abs(shareOf(axis, value) - 0.5) > 0.5;
  });
  const shown = dots === 'none' ? none : dots === 'anomalies' ? anomalies : samples;
  return (
    <div class="explorer">
      <Card title={`${x.name} and ${y.name}`} note={`model ${explored.version}, computed in this page`}>
        <div class="explorer-part">
          <MapOptions axes={axes} x={x} y={y} shade={shade} dots={dots ?? 'samples'} anomalies={anomalies.length} />
          <DensityMap
            {...{ x: xAxis, y: yAxis, grid: map.value, shade, thresholdBits, values, onMove: onChange }}
            dots={shown}
            bits={point.value?.bits ?? 0}
            words={point.value === null ? '' : wordsOf(point.value, thresholdBits)}
          />
          <p class="muted small">
            {missing.length > 0 && `${missing.join(' and ')} is missing: choose a place on the map to set it. `}
            {isBeyond && 'The point lies beyond the edge where it is drawn. '}
            {legend(shade, dots, model)} Drag the point, or move it with the arrow keys.
          </p>
          {map.value !== null && <GridTable name={name} grid={map.value} values={values} x={xAxis} y={yAxis} />}
        </div>
      </Card>
      <Card title="The point">
        <div class="explorer-part">
          {problem !== null && <ProblemNote problem={problem} />}
          <Reading score={point.value} alpha={alpha} thresholdBits={thresholdBits} />
          <FeatureControls features={model.features} values={values} along={[x.name, y.name]} onChange={onChange} />
          <div>
            <button type="button" class="button" onClick={() => onChange(explored.usual)}>
              Back to a usual event
            </button>
          </div>
        </div>
      </Card>
    </div>
  );
}

/** Meaning of the colours and dots in words. */
function legend(shade: Shade, dots: string | null, { features }: Explored['model']): string {
  const colours = `The stronger the colour, the ${shade === 'density' ? 'denser' : 'more surprising'}, given the other features as they are set; the line is the threshold.`;
  if (dots === 'none') return colours;
  const what = dots === 'anomalies' ? 'past anomalies' : 'events drawn from the model';
  const hasLevels = features.some(({ values }) => values.kind === 'levels');
  return `${colours} Dots are ${what}${hasLevels ? ', faint where their levels are others' : ''}.`;
}

function GridTable({
  name,
  grid,
  values,
  x,
  y,
}: {
  readonly name: string;
  readonly grid: Grid;
  readonly values: EventValues;
  readonly x: Axis;
  readonly y: Axis;
}) {
  const rows = useMemo(
    () =>
      Array.from(grid.bits, (bits, cell) => {
        const at = valuesAt(values, x, y, cell % grid.columns, Math.floor(cell / grid.columns));
        const [nats, p] = [grid.logDensityNats.at(cell) ?? NaN, grid.pValues.at(cell) ?? NaN];
        const given = [at[x.feature.name], at[y.feature.name]] as const;
        return [given[0] ?? null, given[1] ?? null, Number.isFinite(nats) ? nats : null, p, bits] as const;
      }),
    [grid],
  );
  return (
    <ChartTable
      name={`${name} ${x.feature.name} ${y.feature.name}`}
      columns={[x.feature.name, y.feature.name, 'log p, nats', 'p-value', 'bits']}
      rows={rows}
    />
  );
}
