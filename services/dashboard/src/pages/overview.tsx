import { useRef } from 'preact/hooks';

import { AlarmSpark } from '../charts/alarm-spark.tsx';
import { call, type Item } from '../client/call.ts';
import { useNews } from '../client/live.ts';
import { ChartFigure } from '../components/chart-figure.tsx';
import { Cli } from '../components/cli.tsx';
import { Link } from '../components/link.tsx';
import { NextPage } from '../components/paging.tsx';
import { Card, Head, severities, Severity, StateChip } from '../components/parts.tsx';
import { PromiseChip } from '../components/promise.tsx';
import { Blank, Show } from '../components/states.tsx';
import { Ago } from '../components/time.tsx';
import { TableBox } from '../components/table-box.tsx';
import { WithCode } from '../components/with-code.tsx';
import { formatCount, formatRate, plural } from '../format/numbers.ts';
import { usePlace } from '../state/router.ts';
import { useLoad } from '../state/use-load.ts';
import { OddNow } from './odd-now.tsx';

type Detector = Item<'GET /v1/overview'>;

const EVERY_MS = 5_000;
const PER_PAGE = 50;

/** Detectors at a look: whether each runs, keeps its promise, and has found something. */
export function OverviewPage() {
  const cursor = usePlace().query.get('after') ?? undefined;
  const rates = useRates();
  const { loaded, reload } = useLoad(
    `overview ${cursor ?? ''}`,
    async (signal) => {
      const page = await call('GET /v1/overview', { query: { limit: PER_PAGE, cursor }, signal });
      return { ...page, rates: rates(page.items) };
    },
    { everyMs: EVERY_MS },
  );
  useNews(({ kind }) => kind === 'alert', reload, 2_000);
  return (
    <>
      <Head title="Overview" sub="Is it running, does it keep its promise, and what is odd now." />
      <Show loaded={loaded} reload={reload} height={320}>
        {({ items, next, rates: perSecond }) =>
          items.length === 0 ? (
            <NoDetectors />
          ) : (
            <>
              <Totals items={items} />
              <Card
                title="Detectors"
                flush
                note={`${plural(items.length, 'detector')}${next === null ? '' : ' and more'}`}
              >
                <ChartFigure
                  name="alarms a day"
                  columns={['detector', 'day (UTC)', 'events', 'expected', 'measured']}
                  rows={() => items.flatMap(alarmRowsOf)}
                  isFlush
                >
                  <Rows items={items} rates={perSecond} />
                </ChartFigure>
              </Card>
              <OddNow />
              {next !== null && (
                <div class="actions">
                  <NextPage next={next} words={`Next ${PER_PAGE} detectors`} />
                </div>
              )}
            </>
          )
        }
      </Show>
    </>
  );
}

/** Rates of events from the growth of their counts between two looks. */
function useRates(): (items: readonly Detector[]) => ReadonlyMap<string, number> {
  const before = useRef(new Map<string, { readonly scored: number; readonly atMs: number }>());
  return (items) => {
    const nowMs = performance.now();
    const found = new Map<string, number>();
    for (const { detector, scored } of items) {
      const last = before.current.get(detector);
      if (last !== undefined && nowMs - last.atMs > 500)
        found.set(detector, ((scored - last.scored) * 1_000) / (nowMs - last.atMs));
      before.current.set(detector, { scored, atMs: nowMs });
    }
    return found;
  };
}

function NoDetectors() {
  return (
    <Card title="Detectors">
      <Blank title="There is no detector yet.">
        <span>Describe your events in a file, and apply it. It learns from the history in your Postgres.</span>
        <Cli command="flowline init orders.csv -o orders.yaml && flowline apply orders.yaml" />
      </Blank>
    </Card>
  );
}

function Totals({ items }: { readonly items: readonly Detector[] }) {
  const sum = (of: (detector: Detector) => number): number => items.reduce((total, each) => total + of(each), 0);
  const open = severities.map((severity) => ({ severity, count: sum(({ openAlerts }) => openAlerts[severity] ?? 0) }));
  const scoring = items.filter(({ state }) => state === 'scoring').length;
  const alarms = { measured: sum(measuredOf), expected: sum(expectedOf) };
  return (
    <dl class="facts">
      <div class="fact">
        <dt>Scoring</dt>
        <dd>
          {scoring} <small>of {plural(items.length, 'detector')}</small>
        </dd>
      </div>
      <div class="fact">
        <dt>Events scored</dt>
        <dd>{formatCount(sum(({ scored }) => scored))}</dd>
      </div>
      <div class="fact">
        <dt>Alarms, last 14 days of events</dt>
        <dd>
          {formatCount(alarms.measured)} <small>expected {formatCount(alarms.expected)}</small>
        </dd>
      </div>
      <div class="fact">
        <dt>Open alerts</dt>
        <dd>
          <span class="actions">
            {open.every(({ count }) => count === 0) && 'none'}
            {open
              .filter(({ count }) => count > 0)
              .map(({ severity, count }) => (
                <Link key={severity} to={`/alerts?state=open&severity=${severity}`}>
                  <Severity of={severity} count={count} />
                </Link>
              ))}
          </span>
        </dd>
      </div>
    </dl>
  );
}

const alarmRowsOf = ({ detector, days }: Detector) =>
  days.map(({ day, events, expected, measured }) => [detector, day, events, expected, measured]);

const measuredOf = ({ days }: Detector): number => days.reduce((sum, { measured }) => sum + measured, 0);
const expectedOf = ({ days }: Detector): number => days.reduce((sum, { expected }) => sum + expected, 0);

function Rows({ items, rates }: { readonly items: readonly Detector[]; readonly rates: ReadonlyMap<string, number> }) {
  return (
    <TableBox>
      <table class="table table-stack">
        <thead>
          <tr>
            <th scope="col">Detector</th>
            <th scope="col" class="number">
              Events/s
            </th>
            <th scope="col" class="number">
              Lag
            </th>
            <th scope="col">Alarms a day</th>
            <th scope="col">Open alerts</th>
            <th scope="col">Model</th>
          </tr>
        </thead>
        <tbody>
          {items.map((each) => (
            <Row key={each.detector} of={each} rate={rates.get(each.detector)} />
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

function Row({ of, rate }: { readonly of: Detector; readonly rate: number | undefined }) {
  const { detector, state, findings, lag, days, openAlerts, champion, modelTrainedAt } = of;
  const finding = findings.at(0);
  const open = severities.filter((severity) => (openAlerts[severity] ?? 0) > 0);
  return (
    <tr>
      <td class="main-cell">
        <div class="actions">
          <Link to={`/detectors/${detector}`} data-row>
            <strong>{detector}</strong>
          </Link>
          <StateChip state={state} />
        </div>
        {finding !== undefined && (
          <div class="small muted">
            {finding.reason}. <WithCode text={finding.remedy} />
          </div>
        )}
      </td>
      <td class="number" data-name="Events/s">
        {rate === undefined ? <span class="muted">…</span> : formatRate(rate)}
      </td>
      <td class="number" data-name="Lag">
        {lag === null ? <span class="muted">–</span> : formatCount(lag)}
      </td>
      <td data-name="Alarms a day">
        <div class="actions">
          <AlarmSpark days={days} />
          {days.length > 0 && <PromiseChip measured={measuredOf(of)} expected={expectedOf(of)} />}
        </div>
      </td>
      <td data-name="Open alerts">
        <span class="actions">
          {open.length === 0 && <span class="muted">none</span>}
          {open.map((severity) => (
            <Link key={severity} to={`/alerts?state=open&severity=${severity}&detector=${detector}`}>
              <Severity of={severity} count={openAlerts[severity] ?? 0} />
            </Link>
          ))}
        </span>
      </td>
      <td data-name="Model">
        {champion === null || modelTrainedAt === null ? (
          <span class="muted nowrap">none yet</span>
        ) : (
          <div>
            {champion}
            <div class="muted small">
              <Ago at={modelTrainedAt} />
            </div>
          </div>
        )}
      </td>
    </tr>
  );
}
