import { Lines } from '../charts/lines.tsx';
import { logTicks } from '../charts/log-ticks.ts';
import { call } from '../client/call.ts';
import { ChartTable } from '../components/chart-table.tsx';
import { Cli } from '../components/cli.tsx';
import { Card, Fact } from '../components/parts.tsx';
import { Blank, Show } from '../components/states.tsx';
import { formatBits, formatCount, formatP, formatValue, plural } from '../format/numbers.ts';
import { eventsBeyond, thresholdOf } from '../format/what-if.ts';
import { setQuery, usePlace } from '../state/router.ts';
import { useLoad } from '../state/use-load.ts';
import { DetectorFrame } from './detector-frame.tsx';
import { FaultPower } from './fault-power.tsx';

const DAYS = 31;
/** Rates to choose from, a day. */
const [LEAST, MOST, STEPS] = [0.1, 100, 60];
const rateAt = (step: number): number => LEAST * (MOST / LEAST) ** (step / STEPS);
const stepAt = (rate: number): number => Math.round((STEPS * Math.log(rate / LEAST)) / Math.log(MOST / LEAST));

/** Stored scores of the last days, as far as another threshold would decide them. */
interface Past {
  readonly bits: readonly number[];
  readonly days: number;
  readonly eventsPerDay: number;
}

/** Alarms that another rate would have raised, and the faults that it would catch. */
export function WhatIfPage({ name }: { readonly name: string }) {
  const { query } = usePlace();
  const asked = Number(query.get('perDay'));
  const perDay = asked >= LEAST && asked <= MOST ? asked : 2;
  const { loaded, reload } = useLoad(name, async (signal): Promise<Past | null> => {
    const params = { detector: name };
    const [counts, { days }] = await Promise.all([
      call('GET /v1/detectors/{detector}/p-values', { params, signal }),
      call('GET /v1/detectors/{detector}/alarms', { params, query: { days: DAYS }, signal }),
    ]);
    if (counts.events === 0 || days.length === 0) return null;
    return { bits: counts.bits, days: days.length, eventsPerDay: counts.events / days.length };
  });
  return (
    <DetectorFrame name={name} current="what-if">
      <Show loaded={loaded} reload={reload} height={380}>
        {(past) =>
          past === null ? (
            <Card title="What if">
              <Blank title="No event has been scored yet.">
                <span>What another rate would have raised is read from stored scores.</span>
              </Blank>
            </Card>
          ) : (
            <>
              <Rate past={past} perDay={perDay} />
              <FaultPower name={name} threshold={thresholdOf(perDay, past.eventsPerDay)} />
              <p class="muted small">
                To put it in force, set{' '}
                <code>decision: {`{ control: { falseAlarms: ${formatValue(perDay)}/day } }`}</code> in the definition.
              </p>
            </>
          )
        }
      </Show>
      <Cli command={`flowline get detector ${name} > ${name}.yaml && flowline apply ${name}.yaml`} />
    </DetectorFrame>
  );
}

function Rate({ past: { bits, days, eventsPerDay }, perDay }: { readonly past: Past; readonly perDay: number }) {
  const raisedAt = (rate: number): number => eventsBeyond(bits, thresholdOf(rate, eventsPerDay)) / days;
  const threshold = thresholdOf(perDay, eventsPerDay);
  const rates = Array.from({ length: STEPS + 1 }, (_, step) => rateAt(step));
  const log = Math.log10;
  const drawn = (of: (rate: number) => number) =>
    rates.flatMap((rate): readonly (readonly [number, number])[] => {
      const value = of(rate);
      return value > 0 ? [[log(rate), log(value)]] : [];
    });
  const words = `${formatValue(Number(perDay.toPrecision(2)))} false alarms a day`;
  return (
    <Card title="If you allowed …" note={`from the stored scores of ${plural(days, 'day')} with events`}>
      <div style={{ display: 'grid', gap: '0.9rem' }}>
        <label style={{ display: 'grid', gap: '0.3rem' }}>
          <strong class="sentence">{words}</strong>
          <input
            type="range"
            min={0}
            max={STEPS}
            value={stepAt(perDay)}
            aria-valuetext={words}
            onInput={(event) => setQuery({ perDay: rateAt(Number(event.currentTarget.value)).toPrecision(3) })}
          />
        </label>
        <dl class="facts">
          <Fact name="Threshold">
            {formatBits(threshold)} <small>bits, p ≤ {formatP(2 ** -threshold)}</small>
          </Fact>
          <Fact name="Would have raised, a day">{formatValue(Number(raisedAt(perDay).toPrecision(3)))}</Fact>
          <Fact name="In all">
            {formatCount(raisedAt(perDay) * days)} <small>of {formatCount(eventsPerDay * days)} events</small>
          </Fact>
        </dl>
        <Lines
          height={220}
          label="Alarms a day that would have been raised, by the false alarms allowed a day"
          xName="false alarms allowed, a day"
          ticks={{ x: logTicks(log(LEAST), log(MOST)) }}
          formatX={(value) => formatValue(Number((10 ** value).toPrecision(2)))}
          formatY={(value) => formatValue(Number((10 ** value).toPrecision(2)))}
          lines={[
            { name: 'raised', colour: 'var(--series-1)', points: drawn(raisedAt) },
            { name: 'allowed', colour: 'var(--line-strong)', points: drawn((rate) => rate) },
          ]}
          marks={[
            {
              x: log(perDay),
              name: `${formatValue(Number(raisedAt(perDay).toPrecision(3)))} a day`,
              colour: 'var(--series-2)',
            },
          ]}
        />
        <div class="chart-foot">
          <span class="key">raised, a day</span>
          <span>The grey line is what was allowed: what lies above it is odd, or the data have drifted.</span>
        </div>
        <ChartTable
          name="what if"
          columns={['false alarms allowed a day', 'threshold in bits', 'raised a day']}
          rows={rates.map((rate) => [rate, thresholdOf(rate, eventsPerDay), raisedAt(rate)])}
        />
      </div>
    </Card>
  );
}
