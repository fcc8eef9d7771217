import type { Scenario } from '../scenario.ts';
import { storm } from '../storm.ts';

export const killProcessesAlerts: Scenario = {
  id: 'R2',
  name: 'kill-processes-alerts',
  title: 'alerts through the same storm, to Kafka and to a webhook that fails three times in ten',
  run: async (stage) => {
    const { expectedAlerts, oddEvents, arrived, hooked } = await storm(stage);
    const wanted = new Set(expectedAlerts.values());
    const topic = deliveries(arrived, wanted);
    const hook = deliveries(hooked, wanted);
    return {
      events: wanted.size,
      lost: topic.lost + hook.lost,
      duplicated: topic.unwanted + hook.unwanted,
      recoverySeconds: null,
      claims: {
        'every event that had to raise an alert raised one': oddEvents.every((id) => expectedAlerts.has(id)),
        'an anomaly has one alert': wanted.size === expectedAlerts.size,
        'repeats are the same alert, to the byte': topic.areSame && hook.areSame,
      },
      counts: { arrived: arrived.length, repeats: topic.repeats, hooked: hooked.length, hookRepeats: hook.repeats },
    };
  },
};

/** Compares the messages that one sink got with the alerts that it had to get. */
function deliveries(messages: readonly string[], wanted: ReadonlySet<string>) {
  const bodies = new Map<string, Set<string>>();
  for (const value of messages) {
    const { alertId } = JSON.parse(value) as { alertId: string };
    bodies.set(alertId, (bodies.get(alertId) ?? new Set()).add(value));
  }
  return {
    lost: [...wanted].filter((id) => !bodies.has(id)).length,
    unwanted: [...bodies.keys()].filter((id) => !wanted.has(id)).length,
    areSame: [...bodies.values()].every(({ size }) => size === 1),
    repeats: messages.length - bodies.size,
  };
}
