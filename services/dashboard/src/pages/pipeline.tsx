import { call, type Reply } from '../client/call.ts';
import { Cli } from '../components/cli.tsx';
import { Card, Fact } from '../components/parts.tsx';
import { Show } from '../components/states.tsx';
import { Ago } from '../components/time.tsx';
import { formatCount, formatRate, plural } from '../format/numbers.ts';
import { formatDuration } from '../format/times.ts';
import { useLoad } from '../state/use-load.ts';
import { DeadAlerts } from './dead-alerts.tsx';
import { DeadLetters } from './dead-letters.tsx';
import { DetectorFrame } from './detector-frame.tsx';
import { type Rates, useRates } from './partition-rates.ts';
import { Partitions } from './partitions.tsx';
import { Services } from './services.tsx';
import { SinkStates } from './sink-states.tsx';
import { Stages } from './stages.tsx';

const EVERY_MS = 5_000;

/** Way of events through a detector: partitions, stages, sinks, and what was set aside. */
export function PipelinePage({ name }: { readonly name: string }) {
  const rates = useRates();
  const { loaded, reload } = useLoad(
    name,
    async (signal) => {
      const params = { detector: name };
      const [pipeline, status] = await Promise.all([
        call('GET /v1/detectors/{detector}/pipeline', { params, signal }),
        call('GET /v1/detectors/{detector}/status', { params, signal }),
      ]);
      return { pipeline, status, rates: rates(pipeline) };
    },
    { everyMs: EVERY_MS },
  );
  return (
    <DetectorFrame name={name} current="pipeline">
      <Show loaded={loaded} reload={reload} height={420}>
        {({ pipeline, status, rates: perSecond }) => (
          <>
            <Flow pipeline={pipeline} status={status} rates={perSecond} />
            <Stages days={pipeline.days} />
            <Partitions pipeline={pipeline} rates={perSecond} />
            <SinkStates sinks={pipeline.sinks} />
          </>
        )}
      </Show>
      <DeadLetters name={name} />
      <DeadAlerts name={name} />
      <Services />
      <Cli command={`flowline status ${name} && flowline alerts waiting --detector ${name}`} />
      <Cli command={`flowline dlq ls ${name}`} />
    </DetectorFrame>
  );
}

type Pipeline = Reply<'GET /v1/detectors/{detector}/pipeline'>;

/** Parts of the state that the API passes on as the library has them. */
interface Further {
  readonly scoring?: { readonly seenAt: string | null } | null;
  readonly limitedWindows?: readonly unknown[];
}
type Status = Reply<'GET /v1/detectors/{detector}/status'> & Further;

function Flow({
  pipeline: { partitions, endsUnknown, backlog, unexplained },
  status: { scoring = null, limitedWindows = [] },
  rates,
}: {
  readonly pipeline: Pipeline;
  readonly status: Status;
  readonly rates: Rates;
}) {
  const behind = partitions.filter(({ records }) => (records ?? 0) > 0);
  const records = partitions.reduce((sum, each) => sum + (each.records ?? 0), 0);
  const seconds = Math.max(0, ...partitions.map((each) => each.seconds ?? 0));
  const perSecond = [...rates.values()].reduce((sum, rate) => sum + rate, 0);
  return (
    <Card title="Now">
      <dl class="facts">
        <Fact name="Records stored">
          {rates.size === 0 ? '…' : formatRate(perSecond)} <small>a second</small>
        </Fact>
        <Fact name="Lag">
          {endsUnknown === null ? (
            <>
              {formatCount(records)}{' '}
              <small>
                records{seconds > 0 && `, ${formatDuration(seconds * 1_000)}`}, {behind.length} of{' '}
                {plural(partitions.length, 'partition')} behind
              </small>
            </>
          ) : (
            <small>unknown: {endsUnknown}</small>
          )}
        </Fact>
        <Fact name="Scorer seen">{scoring?.seenAt == null ? <small>never</small> : <Ago at={scoring.seenAt} />}</Fact>
        <Fact name="Anomalies to be written out">{formatCount(backlog)}</Fact>
        <Fact name="To be explained">{formatCount(unexplained)}</Fact>
        <Fact name="Windows at their limits">
          {limitedWindows.length === 0 ? 'none' : plural(limitedWindows.length, 'partition')}
        </Fact>
      </dl>
    </Card>
  );
}
