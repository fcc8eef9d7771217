import type { Scenario } from '../scenario.ts';
import { storm } from '../storm.ts';

export const killProcessesAlerts: Scenario = {
  id: 'R2',
  name: 'kill-processes-alerts',
  title: 'alerts through the same storm, to Kafka',
  run: async (stage) => {
    const { expectedAlerts, oddEvents, arrived } = await storm(stage);
    const bodies = new Map<string, Set<string>>();
    for (const value of arrived) {
      const { alertId } = JSON.parse(value) as { alertId: string };
      bodies.set(alertId, (bodies.get(alertId) ?? new Set()).add(value));
    }
    const wanted = new Set(expectedAlerts.values());
    const distinct = [...bodies.keys()];
    return {
      events: wanted.size,
      lost: [...wanted].filter((id) => !bodies.has(id)).length,
      duplicated: distinct.filter((id) => !wanted.has(id)).length,
      recoverySeconds: null,
      claims: {
        'every event that had to raise an alert raised one': oddEvents.every((id) => expectedAlerts.has(id)),
        'an anomaly has one alert': wanted.size === expectedAlerts.size,
        'repeats are the same alert, to the byte': [...bodies.values()].every(({ size }) => size === 1),
      },
      counts: { arrived: arrived.length, repeats: arrived.length - bodies.size },
    };
  },
};
