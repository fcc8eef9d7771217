import type { Database } from '@flowline/db';

import { startTestApi } from '../support/api.ts';

interface Alert {
  readonly alertId: string;
  readonly entity: string | null;
  readonly state: string;
}

/** Answers some alerts, as people would have: the API does it. */
export async function answerAlerts(db: Database): Promise<void> {
  const api = await startTestApi(db);
  const ann = await api.token({ name: 'ann', scope: 'operate' });
  const ben = await api.token({ name: 'ben', scope: 'operate' });
  try {
    const { body } = await api.call('GET /v1/alerts?detector=turbines&limit=200', { token: ann });
    const alerts = body.items as readonly Alert[];
    const say = async (alert: Alert, verdict: string, note: string | null): Promise<void> => {
      const answer = { token: ann, body: { verdict, note } };
      const { status } = await api.call(`POST /v1/alerts/${alert.alertId}/feedback`, answer);
      if (status >= 300) throw new Error(`the answer was refused with ${status}`);
    };
    const [icing] = alerts.filter(({ entity }) => entity?.includes('WT-03') === true);
    const [vane] = alerts.filter(({ entity }) => entity?.includes('WT-02') === true);
    if (icing !== undefined) await say(icing, 'confirmed', 'Ice on the blades; de-icing was switched off.');
    if (vane !== undefined) await say(vane, 'confirmed', 'The anemometer hung.');
    for (const alert of alerts.slice(-4)) await say(alert, 'false_alarm', null);
    const bearing = alerts.find(({ entity, state }) => entity?.includes('WT-07') === true && state === 'open');
    if (bearing === undefined) throw new Error('the worn bearing raised no alert that is open');
    const { status } = await api.call(`POST /v1/alerts/${bearing.alertId}/ack`, { token: ben });
    if (status >= 300) throw new Error(`the acknowledgement was refused with ${status}`);
  } finally {
    await api.close();
  }
}
