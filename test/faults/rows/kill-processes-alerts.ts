import type { Scenario } from '../scenario.ts';
import { storm } from '../storm.ts';

/** Part of a message about an alert that this row looks at. */
interface Message {
  readonly alertId: string;
  readonly messageId: string;
  readonly sequence: number;
}

export const killProcessesAlerts: Scenario = {
  id: 'R2',
  name: 'kill-processes-alerts',
  title: 'alerts with a life through the same storm, to Kafka',
  run: async (stage) => {
    const { alertOfEvent, alerts, oddEvents, arrived } = await storm(stage);
    const bodies = new Map<string, Set<string>>();
    for (const value of arrived) {
      const { messageId } = JSON.parse(value) as Message;
      bodies.set(messageId, (bodies.get(messageId) ?? new Set()).add(value));
    }
    const sequences = sequencesOf(arrived);
    const told = (id: string): readonly number[] => sequences.get(id) ?? [];
    const named = [...alertOfEvent.values()];
    const known = new Set(alerts.map(({ id }) => id));
    const wanted = alerts.reduce((sum, { messages }) => sum + messages, 0);
    return {
      events: wanted,
      lost: alerts.reduce((sum, { id, messages }) => sum + Math.max(0, messages - told(id).length), 0),
      duplicated: [...bodies.values()].reduce((sum, { size }) => sum + size - 1, 0),
      recoverySeconds: null,
      claims: {
        'every event that had to be an anomaly has an alert': oddEvents.every((id) => alertOfEvent.has(id)),
        'every alert counts the anomalies that name it': alerts.every(
          ({ id, isStorm, count }) => isStorm || named.filter((each) => each === id).length === count,
        ),
        'every message is of a stored alert': [...sequences.keys()].every((id) => known.has(id)),
        'messages of an alert arrive in order, none missing': alerts.every(({ id, messages }) =>
          isCount(told(id), messages),
        ),
        'alerts were resolved and reopened': arrived.some((value) => value.includes('"state":"reopened"')),
      },
      counts: { alerts: alerts.length, arrived: arrived.length, repeats: arrived.length - bodies.size },
    };
  },
};

/** Numbers of the messages of each alert in the order of their first arrival. */
function sequencesOf(arrived: readonly string[]): Map<string, number[]> {
  const sequences = new Map<string, number[]>();
  for (const value of arrived) {
    const { alertId, sequence } = JSON.parse(value) as Message;
    const seen = sequences.get(alertId) ?? [];
    if (!seen.includes(sequence)) sequences.set(alertId, [...seen, sequence]);
  }
  return sequences;
}

/** True if numbers are 1, 2, …, n. */
const isCount = (numbers: readonly number[], n: number): boolean =>
  numbers.length === n && numbers.every((number, i) => number === i + 1);
