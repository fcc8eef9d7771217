import type { Reply } from '../client/call.ts';
import { Card } from '../components/parts.tsx';
import { SaveCsv } from '../components/save-csv.tsx';
import { Blank } from '../components/states.tsx';
import { TableBox } from '../components/table-box.tsx';
import { Ago, Time } from '../components/time.tsx';
import { formatCount, formatRate, plural } from '../format/numbers.ts';
import { formatDuration } from '../format/times.ts';
import { partitionKey, type Rates } from './partition-rates.ts';

type Pipeline = Reply<'GET /v1/detectors/{detector}/pipeline'>;
type Partition = Pipeline['partitions'][number];

const MOST_SHOWN = 24;
const BAR = 70;

/** Positions of partitions, those furthest behind first. */
export function Partitions({
  pipeline: { partitions, endsUnknown },
  rates,
}: {
  readonly pipeline: Pipeline;
  readonly rates: Rates;
}) {
  if (partitions.length === 0) {
    return (
      <Card title="Partitions">
        <Blank title="Nothing has been read yet.">
          <span>A running scorer reads the topic of the detector, or a file: flowline serve scorer.</span>
        </Blank>
      </Card>
    );
  }
  const sorted = [...partitions].sort((a, b) => (b.records ?? 0) - (a.records ?? 0));
  const most = Math.max(1, ...partitions.map(({ records }) => records ?? 0));
  const isKnown = endsUnknown === null;
  return (
    <Card
      title={plural(partitions.length, 'partition')}
      flush
      note={isKnown ? undefined : `lag unknown: ${endsUnknown}`}
    >
      <TableBox>
        <table class="table table-stack">
          <thead>
            <tr>
              <th scope="col">Partition</th>
              {isKnown && <th scope="col">Lag, records</th>}
              {isKnown && (
                <th scope="col" class="number">
                  Lag, time
                </th>
              )}
              <th scope="col" class="number">
                Records/s
              </th>
              <th scope="col" class="number">
                Next offset
              </th>
              <th scope="col">Last record</th>
              <th scope="col">Last stored</th>
            </tr>
          </thead>
          <tbody>
            {sorted.slice(0, MOST_SHOWN).map((each) => (
              <Row key={partitionKey(each)} {...{ each, most, isKnown }} rate={rates.get(partitionKey(each))} />
            ))}
          </tbody>
        </table>
      </TableBox>
      <div class="card-body actions">
        {partitions.length > MOST_SHOWN && <span class="muted small">The {MOST_SHOWN} furthest behind are shown.</span>}
        <SaveCsv
          name="partitions"
          columns={['topic', 'partition', 'next offset', 'end', 'records', 'seconds', 'last record', 'last stored']}
          rows={partitions.map((each) => [
            ...[each.topic, each.partition, each.nextOffset, each.end, each.records, each.seconds],
            ...[each.recordTime, each.storedAt],
          ])}
        />
      </div>
    </Card>
  );
}

function Row({
  each: { topic, partition, nextOffset, records, seconds, recordTime, storedAt },
  most,
  isKnown,
  rate,
}: {
  readonly each: Partition;
  readonly most: number;
  readonly isKnown: boolean;
  readonly rate: number | undefined;
}) {
  return (
    <tr>
      <td class="main-cell name-cell">
        {topic} <span class="muted">[{partition}]</span>
      </td>
      {isKnown && (
        <td data-name="Lag, records">
          <span class="actions nowrap">
            <svg width={BAR} height="10" aria-hidden="true">
              <rect width={BAR} height="10" rx="2" fill="var(--line)" />
              <rect width={(BAR * (records ?? 0)) / most} height="10" rx="2" fill="var(--series-2)" />
            </svg>
            {records === null ? <span class="muted">unknown</span> : formatCount(records)}
          </span>
        </td>
      )}
      {isKnown && (
        <td class="number" data-name="Lag, time">
          {seconds === null ? <span class="muted">–</span> : formatDuration(seconds * 1_000)}
        </td>
      )}
      <td class="number" data-name="Records/s">
        {rate === undefined ? <span class="muted">…</span> : formatRate(rate)}
      </td>
      <td class="number" data-name="Next offset">
        {nextOffset === null ? <span class="muted">none stored</span> : nextOffset.toLocaleString('en-US')}
      </td>
      <td data-name="Last record">{recordTime === null ? <span class="muted">–</span> : <Time at={recordTime} />}</td>
      <td data-name="Last stored">{storedAt === null ? <span class="muted">–</span> : <Ago at={storedAt} />}</td>
    </tr>
  );
}
