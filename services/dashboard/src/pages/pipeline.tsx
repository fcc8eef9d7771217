import { call, type Item, type Reply } from '../client/call.ts';
import { mayOperate, session } from '../client/session.ts';
import { Cli } from '../components/cli.tsx';
import { Card, Fact } from '../components/parts.tsx';
import { Blank, ProblemNote, Show } from '../components/states.tsx';
import { Ago, Time } from '../components/time.tsx';
import { useAction } from '../components/use-action.ts';
import { TableBox } from '../components/table-box.tsx';
import { formatCount, plural } from '../format/numbers.ts';
import { formatDuration } from '../format/times.ts';
import { setQuery, usePlace } from '../state/router.ts';
import { useStore } from '../state/store.ts';
import { useLoad } from '../state/use-load.ts';
import { DetectorFrame } from './detector-frame.tsx';

const EVERY_MS = 10_000;
const PER_PAGE = 25;

/** Way of events through a detector: lag, records that were set aside, messages that wait. */
export function PipelinePage({ name }: { readonly name: string }) {
  return (
    <DetectorFrame name={name} current="pipeline">
      <Flow name={name} />
      <DeadLetters name={name} />
      <DeadAlerts name={name} />
      <Cli command={`flowline dlq ls ${name}`} />
    </DetectorFrame>
  );
}

/** Parts of the state that the API passes on as the library has them. */
interface Flowing {
  readonly lag?: {
    readonly partitions: number;
    readonly behind: number;
    readonly records: number;
    readonly seconds: number;
  } | null;
  readonly lagUnknown?: string | null;
  readonly scoring?: { readonly seenAt: string | null } | null;
  readonly repeats?: { readonly lastDay: number };
  readonly limitedWindows?: readonly unknown[];
}

function Flow({ name }: { readonly name: string }) {
  const { loaded, reload } = useLoad(
    name,
    async (signal) => {
      const [status, { items }] = await Promise.all([
        call('GET /v1/detectors/{detector}/status', { params: { detector: name }, signal }),
        call('GET /v1/overview', { query: { limit: 1_000 }, signal }),
      ]);
      return { status, overview: items.find(({ detector }) => detector === name) };
    },
    { everyMs: EVERY_MS },
  );
  return (
    <Card title="Events">
      <Show loaded={loaded} reload={reload} height={70}>
        {({ status, overview }) => {
          const {
            lag = null,
            lagUnknown = null,
            scoring = null,
            repeats,
            limitedWindows = [],
          } = status as Reply<'GET /v1/detectors/{detector}/status'> & Flowing;
          return (
            <dl class="facts">
              <Fact name="Scored in all">{formatCount(overview?.scored ?? NaN)}</Fact>
              <Fact name="Lag">
                {lag === null ? (
                  <small>{lagUnknown ?? 'no broker is configured'}</small>
                ) : (
                  <>
                    {formatCount(lag.records)}{' '}
                    <small>
                      records, {formatDuration(lag.seconds * 1_000)}, {lag.behind} of{' '}
                      {plural(lag.partitions, 'partition')} behind
                    </small>
                  </>
                )}
              </Fact>
              <Fact name="Scorer seen">
                {scoring?.seenAt == null ? <small>never</small> : <Ago at={scoring.seenAt} />}
              </Fact>
              <Fact name="Repeats, last day">{formatCount(repeats?.lastDay ?? 0)}</Fact>
              <Fact name="Windows at their limits">
                {limitedWindows.length === 0 ? 'none' : plural(limitedWindows.length, 'partition')}
              </Fact>
            </dl>
          );
        }}
      </Show>
    </Card>
  );
}

type Letter = Item<'GET /v1/dead-letters'>;

function DeadLetters({ name }: { readonly name: string }) {
  const { query } = usePlace();
  const filter = { reason: query.get('reason') ?? undefined, cursor: query.get('after') ?? undefined };
  const { loaded, reload } = useLoad(
    JSON.stringify([name, filter]),
    (signal) => call('GET /v1/dead-letters', { query: { detector: name, ...filter, limit: PER_PAGE }, signal }),
    { everyMs: EVERY_MS },
  );
  const may = mayOperate(useStore(session));
  const { isBusy, problem, run } = useAction(reload);
  const body = filter.reason === undefined ? {} : { reason: filter.reason };
  return (
    <Card
      title="Dead letters"
      flush
      note={
        <span class="actions">
          {filter.reason !== undefined && (
            <button type="button" class="button" onClick={() => setQuery({ reason: null, after: null })}>
              {filter.reason} ×
            </button>
          )}
          {may && (
            <button
              type="button"
              class="button"
              disabled={isBusy || loaded.state !== 'ready' || loaded.value.items.length === 0}
              title="Sends them back to their topic, once each."
              onClick={() =>
                run(() =>
                  call('POST /v1/detectors/{detector}/dead-letters/redrive', { params: { detector: name }, body }),
                )
              }
            >
              Redrive
            </button>
          )}
        </span>
      }
    >
      {problem !== null && (
        <div class="card-body">
          <ProblemNote problem={problem} />
        </div>
      )}
      <Show loaded={loaded} reload={reload} height={160}>
        {({ items, next }) =>
          items.length === 0 ? (
            <Blank title="Every record could be scored." />
          ) : (
            <>
              <Letters items={items} />
              {next !== null && (
                <div class="card-body">
                  <button type="button" class="button" onClick={() => setQuery({ after: next })}>
                    Next page
                  </button>
                </div>
              )}
            </>
          )
        }
      </Show>
    </Card>
  );
}

function Letters({ items }: { readonly items: readonly Letter[] }) {
  return (
    <TableBox>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Stored</th>
            <th scope="col">Reason</th>
            <th scope="col">Record</th>
          </tr>
        </thead>
        <tbody>
          {items.map(
            ({ deadLetterId, storedAt, reason, field, message, topic, partition, offset, value, redrivenAt }) => (
              <tr key={deadLetterId}>
                <td>
                  <Time at={storedAt} />
                  {redrivenAt !== null && (
                    <div class="small muted">
                      sent again <Ago at={redrivenAt} />
                    </div>
                  )}
                </td>
                <td>
                  <button
                    type="button"
                    class="button button-plain"
                    data-row
                    onClick={() => setQuery({ reason, after: null })}
                  >
                    <span class="chip chip-warning">{reason}</span>
                  </button>
                  {field !== null && <div class="small mono">{field}</div>}
                </td>
                <td class="main-cell">
                  <div class="clip">{message}</div>
                  <details class="more">
                    <summary>
                      {topic} [{partition}] @ {offset}
                    </summary>
                    <pre class="raw mono" tabIndex={0} aria-label="Record">
                      {value === null || typeof value === 'string' ? (value ?? 'no value') : JSON.stringify(value)}
                    </pre>
                  </details>
                </td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </TableBox>
  );
}

function DeadAlerts({ name }: { readonly name: string }) {
  const { loaded, reload } = useLoad(
    name,
    (signal) => call('GET /v1/dead-alerts', { query: { detector: name, limit: PER_PAGE }, signal }),
    { everyMs: EVERY_MS },
  );
  const may = mayOperate(useStore(session));
  const { isBusy, problem, run } = useAction(reload);
  return (
    <Card
      title="Messages that a sink refused"
      flush
      note={
        may &&
        loaded.state === 'ready' &&
        loaded.value.items.length > 0 && (
          <button
            type="button"
            class="button"
            disabled={isBusy}
            onClick={() =>
              run(() =>
                call('POST /v1/detectors/{detector}/dead-alerts/redrive', { params: { detector: name }, body: {} }),
              )
            }
          >
            Queue them again
          </button>
        )
      }
    >
      {problem !== null && (
        <div class="card-body">
          <ProblemNote problem={problem} />
        </div>
      )}
      <Show loaded={loaded} reload={reload} height={100}>
        {({ items }) =>
          items.length === 0 ? (
            <Blank title="None." />
          ) : (
            <TableBox>
              <table class="table">
                <thead>
                  <tr>
                    <th scope="col">Given up</th>
                    <th scope="col">Sink</th>
                    <th scope="col" class="number">
                      Attempts
                    </th>
                    <th scope="col">Why</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map(({ outboxId, deadAt, sink, topic, attempts, error }) => (
                    <tr key={outboxId}>
                      <td>
                        <Time at={deadAt} />
                      </td>
                      <td>
                        {sink} <span class="muted small">{topic}</span>
                      </td>
                      <td class="number">{attempts}</td>
                      <td class="main-cell">{error ?? '–'}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </TableBox>
          )
        }
      </Show>
    </Card>
  );
}
