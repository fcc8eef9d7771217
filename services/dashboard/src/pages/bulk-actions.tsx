import { useState } from 'preact/hooks';

import { call, type Request } from '../client/call.ts';
import { ProblemNote } from '../components/states.tsx';
import { useAction } from '../components/use-action.ts';
import { formatCount } from '../format/numbers.ts';
import { Dialog } from '../shell/dialog.tsx';

type Body = Request<'POST /v1/alerts/actions'>['body'];
type Action = Pick<Body, 'action' | 'until'>;

/** Alerts to act upon: by their ids, or by conditions. */
export type Target = Pick<Body, 'alertIds' | 'where'>;

const HOUR_MS = 3_600_000;
const lengths = [
  ['1 h', HOUR_MS],
  ['4 h', 4 * HOUR_MS],
  ['1 d', 24 * HOUR_MS],
  ['7 d', 168 * HOUR_MS],
] as const;

/** Buttons that acknowledge, snooze and resolve the alerts that are chosen. */
export function BulkActions({
  words,
  targets,
  onDone,
}: {
  /** Alerts that are chosen, such as `3 alerts`; null for none. */
  readonly words: string | null;
  readonly targets: readonly Target[];
  readonly onDone: () => void;
}) {
  const [changed, setChanged] = useState(0);
  const [lengthMs, setLengthMs] = useState(HOUR_MS);
  const [isAsking, setAsking] = useState(false);
  const { isBusy, problem, run } = useAction(onDone);
  const act = (action: () => Action): void => run(() => actOnAll(targets, action(), setChanged));
  const disabled = isBusy || words === null;
  const until = (): string => new Date(Date.now() + lengthMs).toISOString();
  return (
    <div class="card-body actions" role="group" aria-label="What to do with the chosen alerts">
      <span class="muted small" role="status">
        {isBusy && changed > 0 ? `${formatCount(changed)} done …` : words === null ? 'Choose some to' : `${words}:`}
      </span>
      <button type="button" class="button" disabled={disabled} onClick={() => act(() => ({ action: 'ack' }))}>
        Acknowledge
      </button>
      <span class="joined">
        <button
          type="button"
          class="button"
          disabled={disabled}
          onClick={() => act(() => ({ action: 'snooze', until: until() }))}
        >
          Snooze for
        </button>
        <select
          class="select"
          aria-label="Length of the snooze"
          disabled={disabled}
          value={String(lengthMs)}
          onChange={(event) => setLengthMs(Number(event.currentTarget.value))}
        >
          {lengths.map(([name, ms]) => (
            <option key={ms} value={String(ms)}>
              {name}
            </option>
          ))}
        </select>
      </span>
      <button type="button" class="button" disabled={disabled} onClick={() => setAsking(true)}>
        Resolve …
      </button>
      {problem !== null && <ProblemNote problem={problem} />}
      {isAsking && words !== null && (
        <ResolveDialog
          words={words}
          onClose={() => setAsking(false)}
          onResolve={() => {
            setAsking(false);
            act(() => ({ action: 'resolve' }));
          }}
        />
      )}
    </div>
  );
}

function ResolveDialog({
  words,
  onClose,
  onResolve,
}: {
  readonly words: string;
  readonly onClose: () => void;
  readonly onResolve: () => void;
}) {
  return (
    <Dialog title="Resolve" onClose={onClose}>
      <h2>Resolve {words}?</h2>
      <p class="muted">
        Their sinks are told. An anomaly soon after reopens an alert; a later one opens another. Those that are resolved
        already stay as they are.
      </p>
      <div class="actions">
        <button type="button" class="button button-primary" onClick={onResolve}>
          Resolve
        </button>
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </Dialog>
  );
}

/** Acts upon targets one after another; the API changes at most 1,000 alerts at once. */
async function actOnAll(
  targets: readonly Target[],
  action: Action,
  onProgress: (changed: number) => void,
): Promise<void> {
  let total = 0;
  onProgress(total);
  for (const target of targets) {
    for (;;) {
      const { changed, more } = await call('POST /v1/alerts/actions', { body: { ...action, ...target } });
      onProgress((total += changed));
      if (!more || changed === 0) break;
    }
  }
}
