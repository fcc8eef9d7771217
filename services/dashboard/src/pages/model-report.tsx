import { Lines } from '../charts/lines.tsx';
import { call, type Reply } from '../client/call.ts';
import { ChartTable } from '../components/chart-table.tsx';
import { Card, Fact } from '../components/parts.tsx';
import { Blank, Show } from '../components/states.tsx';
import { formatCount, formatTenths, formatValue } from '../format/numbers.ts';
import { formatDay, formatDuration } from '../format/times.ts';
import { useLoad } from '../state/use-load.ts';
import type { Model } from './model.ts';

interface CurvePoint {
  readonly step: number;
  readonly trainNll: number;
  readonly validationNll: number | null;
}

/** Parts of the report of a training that are shown. */
interface Report {
  readonly training?: {
    readonly seconds?: number;
    readonly parameterCount?: number;
    readonly moved?: readonly unknown[];
    readonly alarms?: {
      readonly alarms: number;
      readonly testRows: number;
      readonly expectedRate: number;
      readonly measuredRate: number;
      readonly verdict: string;
      readonly interval: { readonly low: number; readonly high: number };
    } | null;
    readonly calibration?: { readonly rows: number; readonly hasTail: boolean; readonly trimmedRows: number };
    readonly warnings?: readonly unknown[];
  };
  readonly promotion?: { readonly reason: string; readonly promote: boolean };
}

interface Part {
  readonly rows: number;
  readonly fromMs: number;
  readonly toMs: number;
}

const PAGE = 200;

/** Report of the training of a model: its history, its curves, its alarms on new rows. */
export function ModelReport({ model }: { readonly model: Model }) {
  const { detector, version, manifest } = model;
  const { loaded, reload } = useLoad(`${detector} ${version}`, async (signal) => {
    const { items } = await call('GET /v1/training-runs', { query: { detector, limit: PAGE }, signal });
    const run = items.find(({ modelVersion }) => modelVersion === version);
    return run === undefined ? null : call('GET /v1/training-runs/{runId}', { params: { runId: run.runId }, signal });
  });
  const history = (manifest.history ?? {}) as Readonly<Record<string, Part | undefined>>;
  return (
    <Show loaded={loaded} reload={reload} height={260}>
      {(run) => (
        <div class="grid-2">
          <Card title={`Model ${version}: training`} note="negative log-likelihood in nats by step">
            {run === null ? (
              <Blank title="Its training run is not stored." />
            ) : (
              <Curves detector={detector} run={run} />
            )}
          </Card>
          <Card title={`Model ${version}: how honest it is`} note="on the newest rows, which it never saw">
            <Honesty report={run?.metrics ?? {}} />
            {Object.keys(history).length > 0 && (
              <div style={{ marginTop: '1rem' }}>
                <History parts={history} />
              </div>
            )}
          </Card>
        </div>
      )}
    </Show>
  );
}

function Curves({
  detector,
  run,
}: {
  readonly detector: string;
  readonly run: Reply<'GET /v1/training-runs/{runId}'>;
}) {
  const members = (Array.isArray(run.curves) ? run.curves : []) as readonly (readonly CurvePoint[])[];
  const lines = members.flatMap((points, i) => [
    {
      name: `train ${i + 1}`,
      colour: 'var(--series-1)',
      points: points.map(({ step, trainNll }) => [step, trainNll] as const),
    },
    {
      name: `validation ${i + 1}`,
      colour: 'var(--series-2)',
      points: points.flatMap(({ step, validationNll }) =>
        validationNll === null ? [] : [[step, validationNll] as const],
      ),
    },
  ]);
  if (lines.length === 0) return <Blank title="It has no curves." />;
  const seconds = run.phases.reduce((sum, phase) => sum + phase.seconds, 0);
  return (
    <div style={{ display: 'grid', gap: '0.5rem' }}>
      <Lines lines={lines} label={`Training and validation losses of ${detector} by step`} xName="step" />
      <div class="chart-foot">
        <span class="actions">
          <span class="key">training</span>
          <span class="key key-line">validation</span>
        </span>
        <span>trained in {formatDuration(seconds * 1_000)}</span>
      </div>
      <ChartTable
        name={`${detector} training`}
        columns={['member', 'step', 'training nats', 'validation nats']}
        rows={members.flatMap((points, i) =>
          points.map(({ step, trainNll, validationNll }) => [i + 1, step, trainNll, validationNll]),
        )}
      />
    </div>
  );
}

/** Rate below which none would be seen in years. */
const LEAST_RATE = 1e-6;

const verdictWords: Readonly<Record<string, string>> = {
  inside: 'The measured rate agrees with the promise.',
  above: 'More alarms than promised.',
  below: 'Fewer alarms than promised.',
};

/** Rate in 1,000 with three digits; 0 where nobody could tell it from that. */
function perThousand(rate: number): string {
  return rate < LEAST_RATE ? '0' : formatValue(Number((1_000 * rate).toPrecision(3)));
}

function Honesty({ report: { training, promotion } }: { readonly report: Report }) {
  const alarms = training?.alarms;
  return (
    <>
      {alarms == null ? (
        <Blank title="There were not enough rows to measure the rate of alarms." />
      ) : (
        <>
          <p>
            {verdictWords[alarms.verdict] ?? alarms.verdict} Of {formatCount(alarms.testRows)} rows, {alarms.alarms}{' '}
            alarmed where {formatTenths(alarms.expectedRate * alarms.testRows)} were to be expected.
          </p>
          <dl class="facts" style={{ marginTop: '0.7rem' }}>
            <Fact name="Expected rate">
              {perThousand(alarms.expectedRate)} <small>in 1,000</small>
            </Fact>
            <Fact name="Measured rate">
              {perThousand(alarms.measuredRate)} <small>in 1,000</small>
            </Fact>
            <Fact name="To be expected of chance">
              {perThousand(alarms.interval.low)} to {perThousand(alarms.interval.high)} <small>in 1,000</small>
            </Fact>
          </dl>
        </>
      )}
      {promotion !== undefined && (
        <p class="muted small" style={{ marginTop: '0.7rem' }}>
          {promotion.promote ? 'Promoted' : 'Not promoted'}: {promotion.reason}.
        </p>
      )}
      {(training?.warnings ?? []).map((warning, i) => (
        <p key={i} class="note note-warning" style={{ marginTop: '0.7rem' }}>
          {typeof warning === 'string' ? warning : JSON.stringify(warning)}
        </p>
      ))}
    </>
  );
}

function History({ parts }: { readonly parts: Readonly<Record<string, Part | undefined>> }) {
  const known = ['train', 'validation', 'calibration', 'test'].flatMap((name) => {
    const part = parts[name];
    return part === undefined ? [] : [{ name, ...part }];
  });
  const total = known.reduce((sum, { rows }) => sum + rows, 0);
  const colours = ['var(--series-1)', 'var(--line-strong)', 'var(--series-2)', 'var(--good)'];
  return (
    <div style={{ display: 'grid', gap: '0.4rem' }}>
      <h3>Its history, split by time</h3>
      <svg width="100%" height="10" role="img" aria-label={`${formatCount(total)} rows, split by time`}>
        {known.map(({ name, rows }, i) => {
          const before = known.slice(0, i).reduce((sum, part) => sum + part.rows, 0);
          return (
            <rect
              key={name}
              x={`${(100 * before) / total}%`}
              width={`${(100 * rows) / total}%`}
              height="10"
              fill={colours.at(i) ?? 'var(--line)'}
            />
          );
        })}
      </svg>
      <dl class="life small">
        {known.map(({ name, rows, fromMs, toMs }) => (
          <>
            <dt>{name}</dt>
            <dd>
              {formatCount(rows)} rows, {formatDay(new Date(fromMs))} to {formatDay(new Date(toMs))}
            </dd>
          </>
        ))}
      </dl>
    </div>
  );
}
