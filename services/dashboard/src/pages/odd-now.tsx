import { call } from '../client/call.ts';
import { useNews } from '../client/live.ts';
import { session } from '../client/session.ts';
import { Card } from '../components/parts.tsx';
import { Blank, Show } from '../components/states.tsx';
import { useStore } from '../state/store.ts';
import { useLoad } from '../state/use-load.ts';
import { AnomalyRows } from './anomaly-rows.tsx';

const MOST_LISTED = 8;

/** Latest anomalies of all detectors; none for a token of several, whose lists are of one each. */
export function OddNow() {
  const current = useStore(session);
  const detectors = current === null || current === 'unknown' ? null : current.detectors;
  return detectors === null || detectors.length === 1 ? <Latest /> : null;
}

function Latest() {
  const { loaded, reload } = useLoad('latest', (signal) =>
    call('GET /v1/anomalies', { query: { limit: MOST_LISTED }, signal }),
  );
  useNews(({ kind }) => kind === 'anomaly', reload, 2_000);
  return (
    <Card title="Odd now" flush note="the latest anomalies, whether they are alerts or not">
      <Show loaded={loaded} reload={reload} height={240}>
        {({ items }) =>
          items.length === 0 ? <Blank title="Nothing was odd so far." /> : <AnomalyRows items={items} showsDetector />
        }
      </Show>
    </Card>
  );
}
