import { type AlertMessage, anomalyAlertMessage, type AlertLife, type TransitionKind } from '@flowline/alerts';
import { stableId } from '@flowline/events';
import { createSink } from '@flowline/sinks';
import type { OutboxMessage } from '@flowline/stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Alertmanager, findAlertmanager, startAlertmanager } from '../support/alertmanager.ts';
import { scoredBatch } from '../support/postgres-batch.ts';
import { until } from '../support/until.ts';

const program = findAlertmanager();
const startMs = Date.now() - 60_000;

/** Message about an alert of an entity, which began a minute ago. */
function messageOf(name: string, state: TransitionKind, severity: AlertMessage['severity'] = 'warning'): OutboxMessage {
  const [anomaly] = scoredBatch({ size: 1, anomalies: [0] }).anomalies;
  if (anomaly === undefined) throw new Error('no anomaly');
  const life: AlertLife = {
    ...{ alertId: stableId(['alert', name]), phase: state === 'resolved' ? 'resolved' : 'open', count: 2 },
    ...{ firstMs: startMs, lastMs: startMs, peakBits: 14, severity, recentMs: [], resolvedMs: startMs + 1 },
    ...{ told: 'open', messages: 1, page: null },
  };
  const peak = { ...anomaly.alert, event: { ...anomaly.alert.event, entity: name } };
  const alert = anomalyAlertMessage(stableId(['fingerprint', name]), { kind: state, sequence: 1, life }, peak);
  return { messageId: alert.messageId, topic: '', key: name, headers: {}, value: JSON.stringify(alert) };
}

(program === undefined ? describe.skip : describe)('the real Alertmanager', () => {
  let alertmanager: Alertmanager;
  beforeAll(async () => {
    alertmanager = await startAlertmanager(program ?? '');
  });
  afterAll(() => alertmanager.stop());

  const sink = (resendAfter = '1m') => {
    const options = { url: alertmanager.url, allow: ['127.0.0.1'], timeout: '10s', resendAfter };
    const none = () => {
      throw new Error('no topic');
    };
    return createSink('am', { alertmanager: options, retryFor: '1d' }, { kafka: none, env: {} }).sink;
  };
  const openOf = async (entity: string) => {
    const alerts = (await alertmanager.alerts()).filter(({ labels }) => labels.entity === entity);
    return alerts.map(({ labels }) => labels.severity);
  };

  it('holds an alert open until it is resolved', async () => {
    expect(await sink().send([messageOf('a', 'opened'), messageOf('b', 'opened')])).toEqual([]);
    const [first] = (await alertmanager.alerts()).filter(({ labels }) => labels.entity === 'a');
    expect(first?.labels).toMatchObject({ alertname: 'FlowlineAnomaly', detector: 'checkout', kind: 'density' });
    expect(first?.annotations.summary).toContain('latency_ms 9120');
    expect(Date.parse(first?.startsAt ?? '')).toBe(startMs);
    await sink().send([messageOf('a', 'resolved')]);
    await until('a resolved alert', async () => (await openOf('a')).length === 0);
    expect(await openOf('b')).toEqual(['warning']);
  });

  it('holds one alert, however its severity has risen', async () => {
    expect(await sink().send([messageOf('c', 'opened')])).toEqual([]);
    await sink().send([messageOf('c', 'escalated', 'critical')]);
    await until('one alert', async () => (await openOf('c')).join() === 'critical');
    await sink().send([messageOf('c', 'resolved', 'critical')]);
    await until('no alert', async () => (await openOf('c')).length === 0);
  });

  it('lets an alert go that is not sent again', async () => {
    await sink('500ms').send([messageOf('d', 'opened')]);
    expect(await openOf('d')).toEqual(['warning']);
    await until('it is over', async () => (await openOf('d')).length === 0);
  });
});
