import { call } from '../client/call.ts';
import { mayOperate, session } from '../client/session.ts';
import { Card } from '../components/parts.tsx';
import { Blank, ProblemNote, Show } from '../components/states.tsx';
import { TableBox } from '../components/table-box.tsx';
import { Time } from '../components/time.tsx';
import { useAction } from '../components/use-action.ts';
import { useStore } from '../state/store.ts';
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
