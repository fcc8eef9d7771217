import { call } from '../client/call.ts';
import { Card } from '../components/parts.tsx';
import { Show } from '../components/states.tsx';
import { useLoad } from '../state/use-load.ts';

const EVERY_MS = 10_000;

/** Parts of the service that answers this page, as it reports them. */
export function Services() {
  const { loaded, reload } = useLoad('ready', (signal) => call('GET /readyz', { signal }), { everyMs: EVERY_MS });
  return (
    <Card title="This service" note="scorers and trainers report their own at /readyz and /metrics">
      <Show loaded={loaded} reload={reload} height={50}>
        {({ parts = {} }) => (
          <dl class="life">
            {Object.entries(parts).map(([name, { ready, detail }]) => (
              <>
                <dt>{name}</dt>
                <dd>
                  <span class={ready ? 'chip chip-good' : 'chip chip-critical'}>{ready ? 'ready' : 'not ready'}</span>{' '}
                  <span class="muted small">{detail}</span>
                </dd>
              </>
            ))}
          </dl>
        )}
      </Show>
    </Card>
  );
}
