import { PValueHistogram } from '../charts/histogram.tsx';
import { QqPlot } from '../charts/qq-plot.tsx';
import { call, type Reply } from '../client/call.ts';
import { ChartFigure } from '../components/chart-figure.tsx';
import { Card } from '../components/parts.tsx';
import { Blank, Show, Skeleton } from '../components/states.tsx';
import { formatCount, formatP, formatValue } from '../format/numbers.ts';
import { qqPoints } from '../format/qq.ts';
import { eventsBeyond } from '../format/what-if.ts';
import { useChosenRange } from '../state/chosen-range.ts';
import { useLoad } from '../state/use-load.ts';

type Counts = Reply<'GET /v1/detectors/{detector}/p-values'>;

const EVERY_MS = 10_000;
/** Surprise in bits whose events are counted below the QQ plot. */
const TAIL_BITS = 10;

/** p-values of a detector: their distribution, and its tail as a QQ plot. */
export function PValues({ name }: { readonly name: string }) {
  const chosen = useChosenRange(name);
  const { loaded, reload } = useLoad(
    chosen.key,
    async (signal) =>
      call('GET /v1/detectors/{detector}/p-values', {
        params: { detector: name },
        query: await chosen.ask(signal),
        signal,
      }),
    { everyMs: chosen.isFollowing ? EVERY_MS : null },
  );
  return (
    <div class="grid-2">
      <Card title="p-values" note="flat if calibrated; the band is that of chance">
        <Show loaded={loaded} reload={reload} height={250}>
          {(counts) => (counts.events === 0 ? <NoEvents /> : <Distribution name={name} counts={counts} />)}
        </Show>
      </Card>
      <Card title="Their tail, as a QQ plot" note="on the diagonal if calibrated">
        {loaded.state === 'ready' ? (
          loaded.value.events === 0 ? (
            <NoEvents />
          ) : (
            <Tail name={name} counts={loaded.value} />
          )
        ) : (
          <Skeleton height={250} />
        )}
      </Card>
    </div>
  );
}

const NoEvents = () => <Blank title="No event has been scored in this range." />;

function Distribution({ name, counts: { cells } }: { readonly name: string; readonly counts: Counts }) {
  return (
    <ChartFigure
      name={`${name} p-values`}
      columns={['p from', 'p to', 'events']}
      rows={() => cells.map((count, i) => [i / cells.length, (i + 1) / cells.length, count])}
    >
      <PValueHistogram cells={cells} />
      <p class="muted small">A high first bar is odd events; a slope is drift.</p>
    </ChartFigure>
  );
}

function Tail({ name, counts: { bits, events } }: { readonly name: string; readonly counts: Counts }) {
  const p = 2 ** -TAIL_BITS;
  return (
    <ChartFigure
      name={`${name} QQ plot`}
      columns={['events', 'expected −log10 p', 'observed −log10 p']}
      rows={() => qqPoints(bits).map((point) => [point.events, point.expected, point.observed])}
    >
      <QqPlot bits={bits} />
      <p class="muted small">
        At p ≤ {formatP(p)}: {formatCount(eventsBeyond(bits, TAIL_BITS))} events, where{' '}
        {formatValue(Number((events * p).toPrecision(2)))} would be chance. The band holds 95 of 100 calibrated
        detectors at each point.
      </p>
    </ChartFigure>
  );
}
