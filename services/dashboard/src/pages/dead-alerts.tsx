import { call, type Item } from '../client/call.ts';
import { ActionCard } from '../components/action-card.tsx';
import { TableBox } from '../components/table-box.tsx';
import { Time } from '../components/time.tsx';
import { useLoad } from '../state/use-load.ts';

const EVERY_MS = 10_000;
const PER_PAGE = 25;

/** Messages about alerts that a sink refused, and a way to queue them again. */
export function DeadAlerts({ name }: { readonly name: string }) {
  const { loaded, reload } = useLoad(
    name,
    (signal) => call('GET /v1/dead-alerts', { query: { detector: name, limit: PER_PAGE }, signal }),
    { everyMs: EVERY_MS },
  );
  return (
    <ActionCard
      title="Messages that a sink refused"
      none="None."
      height={100}
      {...{ loaded, reload }}
      action={{
        words: 'Queue them again',
        isOfList: true,
        run: () => call('POST /v1/detectors/{detector}/dead-alerts/redrive', { params: { detector: name }, body: {} }),
      }}
    >
      {({ items }) => <Messages items={items} />}
    </ActionCard>
  );
}

function Messages({ items }: { readonly items: readonly Item<'GET /v1/dead-alerts'>[] }) {
  return (
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
  );
}
