import { call, type Item } from '../client/call.ts';
import { ActionCard } from '../components/action-card.tsx';
import { Ago } from '../components/time.tsx';
import { TableBox } from '../components/table-box.tsx';
import { formatDuration } from '../format/times.ts';
import { useLoad } from '../state/use-load.ts';

type Run = Item<'GET /v1/training-runs'>;

const EVERY_MS = 5_000;
const MOST_SHOWN = 8;

/** Training runs of a detector, with what each is doing, and a way to request one. */
export function TrainingRuns({ name }: { readonly name: string }) {
  const { loaded, reload } = useLoad(
    name,
    (signal) => call('GET /v1/training-runs', { query: { detector: name, limit: MOST_SHOWN }, signal }),
    { everyMs: EVERY_MS },
  );
  return (
    <ActionCard
      title="Trainings"
      none="There was no training yet."
      height={140}
      {...{ loaded, reload }}
      action={{
        words: 'Request a training',
        isOfList: false,
        run: () =>
          call('POST /v1/detectors/{detector}/training-runs', {
            params: { detector: name },
            body: { promotion: null },
          }),
      }}
    >
      {({ items }) => <Rows items={items} />}
    </ActionCard>
  );
}

function Rows({ items }: { readonly items: readonly Run[] }) {
  return (
    <TableBox>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">State</th>
            <th scope="col">Why</th>
            <th scope="col">Began</th>
            <th scope="col" class="number">
              Took
            </th>
            <th scope="col">Model</th>
          </tr>
        </thead>
        <tbody>
          {items.map((run) => (
            <tr key={run.runId}>
              <td>{run.runId}</td>
              <td>
                <span
                  class={`chip ${run.status === 'succeeded' ? 'chip-good' : run.status === 'failed' ? 'chip-critical' : ''}`}
                >
                  {run.status}
                </span>
                {run.progress !== null && (
                  <div class="small muted">
                    {run.progress.stage}, {Math.round(100 * run.progress.share)} %
                  </div>
                )}
                {(run.note ?? messageOf(run)) !== null && <div class="small muted">{run.note ?? messageOf(run)}</div>}
              </td>
              <td>{run.requestedBy ?? (run.scheduledFor === null ? 'a command' : 'the schedule')}</td>
              <td>{run.startedAt === null ? 'not yet' : <Ago at={run.startedAt} />}</td>
              <td class="number">{tookOf(run)}</td>
              <td>
                {run.modelVersion ?? '–'}
                {run.promoted === true && <span class="muted small"> promoted</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

const messageOf = ({ error }: Run): string | null => (typeof error?.message === 'string' ? error.message : null);

function tookOf({ startedAt, finishedAt }: Run): string {
  if (startedAt === null) return '–';
  return formatDuration(
    (finishedAt === null ? Date.now() : new Date(finishedAt).getTime()) - new Date(startedAt).getTime(),
  );
}
