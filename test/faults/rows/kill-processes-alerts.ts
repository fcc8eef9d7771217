import type { Scenario } from '../scenario.ts';
import { storm, type StoredAlert } from '../storm.ts';

/** Part of a message about an alert that this row looks at. */
interface Message {
  readonly alertId: string;
  readonly messageId: string;
  readonly sequence: number;
}

export const killProcessesAlerts: Scenario = {
  id: 'R2',
  name: 'kill-processes-alerts',
  title: 'alerts with a life through the same storm, to Kafka and to a webhook that fails three times in ten',
  run: async (stage) => {
    const { alertOfEvent, alerts, oddEvents, arrived, hooked } = await storm(stage);
    const topic = deliveries(arrived, alerts);
    const hook = deliveries(hooked, alerts);
    const named = [...alertOfEvent.values()];
    return {
      events: alerts.reduce((sum, { messages }) => sum + messages, 0),
      lost: topic.lost + hook.lost,
      duplicated: topic.changed + hook.changed,
      recoverySeconds: null,
      claims: {
        'every event that had to be an anomaly has an alert': oddEvents.every((id) => alertOfEvent.has(id)),
        'every alert counts the anomalies that name it': alerts.every(
          ({ id, isStorm, count }) => isStorm || named.filter((each) => each === id).length === count,
        ),
        'every message is of a stored alert': topic.areKnown && hook.areKnown,
        'messages of an alert arrive in order, none missing': topic.areInOrder && hook.areInOrder,
        'alerts were resolved and reopened': arrived.some((value) => value.includes('"state":"reopened"')),
      },
      counts: {
        ...{ alerts: alerts.length, arrived: arrived.length, repeats: topic.repeats },
        ...{ hooked: hooked.length, hookRepeats: hook.repeats },
      },
    };
  },
};

/** Compares the messages that a sink got, in order, with the alerts that it had to be told of. */
function deliveries(values: readonly string[], alerts: readonly StoredAlert[]) {
  const bodies = new Map<string, Set<string>>();
  const sequences = new Map<string, number[]>();
  for (const value of values) {
    const { alertId, messageId, sequence } = JSON.parse(value) as Message;
    const seen = bodies.get(messageId) ?? new Set();
    if (seen.size === 0) sequences.set(alertId, [...(sequences.get(alertId) ?? []), sequence]);
    bodies.set(messageId, seen.add(value));
  }
  const told = (id: string): readonly number[] => sequences.get(id) ?? [];
  const known = new Set(alerts.map(({ id }) => id));
  return {
    lost: alerts.reduce((sum, { id, messages }) => sum + Math.max(0, messages - told(id).length), 0),
    /** Repeats that are not the same to the byte. */
    changed: [...bodies.values()].reduce((sum, { size }) => sum + size - 1, 0),
    repeats: values.length - bodies.size,
    areKnown: [...sequences.keys()].every((id) => known.has(id)),
    areInOrder: alerts.every(({ id, messages }) => isCount(told(id), messages)),
  };
}

/** True if numbers are 1, 2, …, n. */
const isCount = (numbers: readonly number[], n: number): boolean =>
  numbers.length === n && numbers.every((number, i) => number === i + 1);
