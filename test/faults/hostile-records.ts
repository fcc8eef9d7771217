import type { JavaMessage } from '../support/java-kafka.ts';
import { oddEvent, type TestEvent } from '../support/scorer-model.ts';

/** A record that a producer may send, good or bad, with its expected outcome. */
export interface HostileRecord extends Omit<JavaMessage, 'topic' | 'partition'> {
  /**
   * Reason of the expected dead letter; `scored` for a normal event; null if either outcome is
   * fine.
   */
  readonly fate: string | null;
  /** Event id expected with the stored score. */
  readonly id?: string;
  /** Set if the event is an anomaly, so that its texts appear in an alert. */
  readonly alerts?: true;
}

type Make = (event: TestEvent) => HostileRecord;

const MEGABYTE = 1_000_000;
const LONG_LEVEL = 600_000;
const LONG_ID = 3_000;
/** Names that every JavaScript object has, an empty name, and one repeated name. */
const NAMES = ['constructor', 'toString', '__proto__', 'hasOwnProperty', '', '\u001b[2J\r', 'constructor'];
const HEADERS = [
  ...NAMES.map((name, i) => [name, `value ${i}`] as const),
  ['none', null] as const,
  ['bytes', Buffer.from([0xff, 0x00, 0xc3])] as const,
];

const json = (event: TestEvent, change: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ ...event, ...change });
const withKey = (event: TestEvent, key: string | Buffer): HostileRecord => ({
  ...{ fate: 'scored', id: event.id, key, value: json(event) },
});
const withLevel = ({ id }: TestEvent, method: string): HostileRecord => ({
  ...{ fate: 'scored', id, alerts: true, value: json(oddEvent(id), { method }) },
});
const withId = (id: string): HostileRecord => ({ fate: 'scored', id, alerts: true, value: json(oddEvent(id)) });

/** Makers of records whose names, sizes or bytes could break the scorer. */
export const hostileRecords: Readonly<Record<string, Make>> = {
  headers: (event) => ({ fate: 'scored', id: event.id, value: json(event), headers: HEADERS }),
  headersOfBad: (event) => ({ fate: 'missing_field', value: json(event, { latency: null }), headers: HEADERS }),
  keyNul: (event) => withKey(event, 'a\0b'),
  keyC1: (event) => withKey(event, '\u0085\u009b31m'),
  keyBytes: (event) => withKey(event, Buffer.from([0xff, 0xfe, 0x00])),
  keyEmpty: (event) => withKey(event, ''),
  keyLong: (event) => withKey(event, 'k'.repeat(MEGABYTE)),
  keyLongOfBad: (event) => ({ fate: 'wrong_type', key: 'k'.repeat(MEGABYTE), value: json(event, { latency: '12' }) }),
  levelEscape: (event) => withLevel(event, '\u001b[31mred\u001b[0m\r\n\u009b2J'),
  levelHalf: (event) => withLevel(event, '\ud83d half of a pair \ude00'),
  levelName: (event) => withLevel(event, '__proto__'),
  levelLong: (event) => withLevel(event, 'l'.repeat(LONG_LEVEL)),
  levelLongWide: (event) => withLevel(event, '\u{1f600}'.repeat(LONG_LEVEL / 4)),
  levelNul: (event) => ({ fate: 'wrong_type', value: json(event, { method: 'a\0b' }) }),
  levelLongNul: (event) => ({ fate: 'wrong_type', value: json(event, { method: `${'l'.repeat(LONG_LEVEL)}\0` }) }),
  idLong: (event) => withId(`${event.id} ${'i'.repeat(LONG_ID - event.id.length - 1)}`),
  idEscape: (event) => withId(`${event.id}\u001b[2J\r`),
  idNul: (event) => ({ fate: 'wrong_type', value: json(event, { id: `${event.id}\0` }) }),
  notUtf8: (event) => ({ fate: 'not_json', value: Buffer.from(json(event, { method: '\u00e9' }), 'latin1') }),
  notUtf8Id: (event) => ({ fate: 'not_json', value: Buffer.from(json(event, { id: '\u00ff\u00fe' }), 'latin1') }),
  fieldNames: (event) => ({
    ...{ fate: 'scored', id: event.id },
    value: json(event).replace('{', '{"__proto__":{"latency":"12"},"constructor":null,"toString":1,'),
  }),
  deep: (event) => ({
    ...{ fate: null, id: event.id },
    value: json(event).replace('{', `{"deep":${'['.repeat(100_000)}${']'.repeat(100_000)},`),
  }),
  tooLarge: (event) => ({ fate: 'too_large', value: json(event, { filler: 'x'.repeat(MEGABYTE) }) }),
  empty: () => ({ fate: 'not_json', value: '' }),
};
