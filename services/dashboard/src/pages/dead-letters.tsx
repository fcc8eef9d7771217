import { call, type Item } from '../client/call.ts';
import { ActionCard } from '../components/action-card.tsx';
import { NextPage } from '../components/paging.tsx';
import { TableBox } from '../components/table-box.tsx';
import { Ago, Time } from '../components/time.tsx';
import { setQuery, usePlace } from '../state/router.ts';
import { useLoad } from '../state/use-load.ts';

const EVERY_MS = 10_000;
const PER_PAGE = 25;

type Letter = Item<'GET /v1/dead-letters'>;

/** Records that could not be scored, and a way to send them back. */
export function DeadLetters({ name }: { readonly name: string }) {
  const { query } = usePlace();
  const filter = { reason: query.get('reason') ?? undefined, cursor: query.get('after') ?? undefined };
  const { loaded, reload } = useLoad(
    JSON.stringify([name, filter]),
    (signal) => call('GET /v1/dead-letters', { query: { detector: name, ...filter, limit: PER_PAGE }, signal }),
    { everyMs: EVERY_MS },
  );
  const body = filter.reason === undefined ? {} : { reason: filter.reason };
  return (
    <ActionCard
      title="Dead letters"
      none="Every record could be scored."
      height={160}
      {...{ loaded, reload }}
      note={
        filter.reason !== undefined && (
          <button type="button" class="button" onClick={() => setQuery({ reason: null, after: null })}>
            {filter.reason} ×
          </button>
        )
      }
      action={{
        words: 'Redrive',
        hint: 'Sends them back to their topic, once each.',
        isOfList: true,
        run: () => call('POST /v1/detectors/{detector}/dead-letters/redrive', { params: { detector: name }, body }),
      }}
    >
      {({ items, next }) => (
        <>
          <Letters items={items} />
          {next !== null && (
            <div class="card-body">
              <NextPage next={next} />
            </div>
          )}
        </>
      )}
    </ActionCard>
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
