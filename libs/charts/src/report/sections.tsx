/** @jsxRuntime automatic @jsxImportSource preact */
import { Bars } from '../bars.tsx';
import { ChartTable } from '../chart-table.tsx';
import { Curves } from '../curves.tsx';
import { Dots } from '../dots.tsx';
import { formatBits, formatCount, formatPercent, formatValue } from '../format.ts';
import { Histogram } from '../histogram.tsx';
import { Interval } from '../intervals.tsx';
import type { AlarmData, ExplainedEvent, FeatureDistribution, ReportData, TrainingCurves } from './report-data.ts';

/** Columns that the model learnt, with their types, and those that it did not. */
export function Learnt({ features, leftOut }: ReportData) {
  return (
    <div class="card columns" tabIndex={0} role="region" aria-label="Columns">
      <table>
        <thead>
          <tr>
            <th scope="col">column</th>
            <th scope="col">type</th>
            <th scope="col">note</th>
          </tr>
        </thead>
        <tbody>
          {features.map(({ name, type, note }) => (
            <tr key={name}>
              <td>{name}</td>
              <td>{type}</td>
              <td class="muted">{note}</td>
            </tr>
          ))}
          {leftOut.map(({ name, reason }) => (
            <tr key={name}>
              <td>{name}</td>
              <td class="muted">left out</td>
              <td class="muted">{reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Training curves of one flow. */
export function Training({
  curves,
  index,
  of,
}: {
  readonly curves: TrainingCurves;
  readonly index: number;
  readonly of: number;
}) {
  const { train, validation, bestStep, stoppedBy } = curves;
  const name = of === 1 ? 'Training curves' : `Training curves of flow ${index + 1}`;
  const byStep = new Map(validation.map(({ x, y }) => [x, y]));
  return (
    <div class="card">
      <h3>{name}</h3>
      <p class="muted small">{`Mean −log p of the rows in nats, the lower the better. The weights of step ${formatCount(bestStep)} were kept; it ended by ${stoppedBy}.`}</p>
      <Curves
        title={name}
        description={`training and validation loss over ${formatCount(train.at(-1)?.x ?? 0)} steps`}
        series={[
          { name: 'validation rows', points: validation },
          { name: 'training rows', points: train },
        ]}
        xLabel="step"
        yLabel="nats"
        marks={[{ x: bestStep, name: 'kept' }]}
      />
      <ChartTable
        name={name}
        columns={['step', 'training nats', 'validation nats']}
        rows={train.map(({ x, y }) => [x, y, byStep.get(x) ?? null])}
      />
    </div>
  );
}

/** Expected against measured rate of alarms, with both intervals. */
export function Alarms({ alarms }: { readonly alarms: AlarmData }) {
  const { of, rows, alarms: count, expectedRate, expected, measured, verdict, isKept } = alarms;
  const kind = isKept === null ? '' : isKept ? ' kept' : ' broken';
  const rate = count / rows;
  return (
    <div class="card">
      <h3>Alarms: promised and measured</h3>
      <p class={`verdict${kind}`}>{verdict}</p>
      <Dots
        title="Rate of alarms"
        description={`expected ${formatPercent(expectedRate)}, measured ${formatPercent(rate)}`}
        format={formatPercent}
        reference={{ value: expectedRate, name: 'expected' }}
        estimates={[
          {
            name: 'expected',
            value: expectedRate,
            low: expected?.low ?? expectedRate,
            high: expected?.high ?? expectedRate,
          },
          { name: 'measured', value: rate, ...measured, isAccent: true },
        ]}
      />
      <p class="muted small">{`${formatCount(count)} alarms of ${formatCount(rows)} ${of}, ${formatPercent(rate)}; the line is the 95 % interval, ${formatPercent(measured.low)} to ${formatPercent(measured.high)}.`}</p>
    </div>
  );
}

/** p-values: a histogram, and the measured against the promised share of small ones. */
export function Calibration({ pValues }: { readonly pValues: NonNullable<ReportData['pValues']> }) {
  const { of, rows, shares, tail } = pValues;
  const cells = shares.length;
  const margin = 1.96 * Math.sqrt(((1 / cells) * (1 - 1 / cells)) / rows);
  const edges = Array.from({ length: cells + 1 }, (_, i) => i / cells);
  return (
    <>
      <div class="card">
        <h3>p-values</h3>
        <p class="muted small">{`Of ${formatCount(rows)} ${of}. Calibrated p-values are flat: 95 of 100 bars end in the band.`}</p>
        <Histogram
          title="Histogram of p-values"
          description={`${cells} cells, ${formatPercent(1 / cells)} expected in each`}
          width={520}
          height={240}
          edges={edges}
          shares={shares}
          band={{ low: Math.max(0, 1 / cells - margin), high: 1 / cells + margin }}
          xLabel="p-value"
        />
        <ChartTable
          name="p-values"
          columns={['from', 'to', 'share', 'expected share']}
          rows={shares.map((share, i) => [i / cells, (i + 1) / cells, share, 1 / cells])}
        />
      </div>
      <div class="card">
        <h3>Small p-values: promised and measured</h3>
        <p class="muted small">
          Share of rows at or below a p-value, in powers of ten. On the diagonal the promise is kept; above it there are
          too many alarms.
        </p>
        <Curves
          title="Calibration plot"
          description="measured against promised share of rows, both as powers of ten"
          series={[{ name: 'measured', points: tail }]}
          xLabel="promised, log10"
          yLabel="measured, log10"
          hasDiagonal
        />
        <ChartTable
          name="calibration plot"
          columns={['promised share', 'measured share']}
          rows={tail.map(({ x, y }) => [10 ** x, 10 ** y])}
        />
      </div>
    </>
  );
}

/** Distribution of a feature in the data and in events drawn from the model. */
export function Distribution({ feature, edges, levels, data, model, missing, distance }: FeatureDistribution) {
  const description = `distance ${formatValue(distance)} between the data and the model`;
  return (
    <div class="card">
      <h3>{feature}</h3>
      {edges === null ? (
        <Bars
          title={`Levels of ${feature}`}
          description={description}
          width={360}
          format={formatPercent}
          bars={levels.flatMap((level, i) => [
            { name: `${level}, data`, value: data[i] ?? 0 }, // eslint-disable-line indexing/no-default -- lists of one length
            { name: `${level}, model`, value: model[i] ?? 0, isAccent: true }, // eslint-disable-line indexing/no-default -- see above
          ])}
        />
      ) : (
        <Histogram
          title={`Values of ${feature}`}
          description={description}
          edges={edges}
          shares={data}
          compared={{ name: 'model', shares: model }}
          xLabel=""
        />
      )}
      <p class="muted small">
        {`distance ${formatValue(distance)} of 1`}
        {Math.max(missing.data, missing.model) > 0 &&
          `; missing: ${formatPercent(missing.data)} of the data, ${formatPercent(missing.model)} of the model`}
      </p>
      <ChartTable
        name={feature}
        columns={edges === null ? ['level', 'data', 'model'] : ['from', 'data', 'model']}
        rows={data.map((share, i) => [
          edges === null ? (levels.at(i) ?? null) : (edges.at(i) ?? null),
          share,
          model.at(i) ?? null,
        ])}
      />
    </div>
  );
}

/** Explained event: the sentence first, then each feature on a scale of its own. */
export function Event({ event }: { readonly event: ExplainedEvent }) {
  return (
    <article class="card event">
      <header>
        <span class="muted small">{event.name}</span>
        <span class="bits">{formatBits(event.bits)}</span>
      </header>
      <p class="sentence">{event.summary}</p>
      <div class="rows" role="table" aria-label={`Features of ${event.name}`}>
        <div role="row">
          {['feature', 'observed', 'against the expected range', 'expected', 'bits'].map((name) => (
            <span key={name} role="columnheader" class={name === 'bits' ? 'head number' : 'head'}>
              {name}
            </span>
          ))}
        </div>
        {event.features.map((each) => (
          <div key={each.feature} role="row">
            <span role="cell" class="name">
              {each.feature}
            </span>
            <span role="cell">{each.observedText}</span>
            <span role="cell" class="plot">
              {each.ranges.length > 0 && (
                <Interval title={each.feature} observed={each.observed} median={each.median} ranges={each.ranges} />
              )}
            </span>
            <span role="cell" class="muted">
              {each.expectedText}
            </span>
            <span role="cell" class="number">
              {each.bits === null ? '' : formatBits(each.bits)}
            </span>
          </div>
        ))}
      </div>
    </article>
  );
}
