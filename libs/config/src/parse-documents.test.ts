import { at, type FlowlineError } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { documentJsonSchema, documentKinds } from './document-kinds.ts';
import { parseDocuments } from './parse-documents.ts';
import { sinkKindOf } from './sink-document.ts';

const rule = `
apiVersion: flowline/v1
kind: Rule
metadata: { name: batch-job }
spec:
  when: feature == 'latency_ms' && x.latency_ms < 500.0
  detectors: [checkout]
  then: { suppress: true }
`;
const calendar = `
apiVersion: flowline/v1
kind: Calendar
metadata: { name: nights }
spec:
  timezone: Europe/Paris
  events: [{ start: 2026-01-01T22:00, duration: 8h, rrule: FREQ=DAILY }]
  alerts: false
`;
const sink = `
apiVersion: flowline/v1
kind: Sink
metadata: { name: team }
spec: { kafka: { topic: team-alerts } }
`;

const findings = (text: string): string[] => {
  try {
    parseDocuments(text, 'rules.yaml', () => 'BEGIN:VCALENDAR');
  } catch (error) {
    expect(error).toMatchObject({ code: 'FLOWLINE_CONFIG_INVALID', where: 'rules.yaml' });
    return (error as FlowlineError).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
};

describe('parseDocuments', () => {
  it('reads documents of several kinds from one file', () => {
    const documents = parseDocuments([rule, calendar, sink].join('---'), 'rules.yaml');
    expect(documents.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'Rule batch-job',
      'Calendar nights',
      'Sink team',
    ]);
    expect(documents[2]).toMatchObject({ spec: { kafka: { topic: 'team-alerts' } } });
  });

  it('names every problem of every document, with its line and what was meant', () => {
    const text = [
      rule.replace('when:', 'wen:').replace('suppress', 'supress'),
      calendar.replace('  timezone: Europe/Paris\n', '').replace('8h', 'long'),
      sink.replace('topic:', 'topics:'),
    ].join('---');
    expect(findings(text)).toEqual([
      'spec.when (line 6): required, but absent — add it (string)',
      'spec.then.supress (line 8): unknown key — did you mean "suppress"? Rename or remove it',
      'spec.then (line 8): found a mapping — expected at least one of suppress, downgrade, tag, excludeFromTraining',
      'spec.wen (line 6): unknown key — did you mean "when"? Rename or remove it',
      'spec.timezone (line 14): required, but absent — add it (string)',
      'spec.events[0].duration (line 14): found "long" — expected a duration such as 4h, 90m or 1d',
      'spec.kafka.topic (line 20): required, but absent — add it (string)',
      'spec.kafka.topics (line 20): unknown key — did you mean "topic"? Rename or remove it',
    ]);
  });

  it('names the kinds that there are', () => {
    expect(findings(rule.replace('kind: Rule', 'kind: Rul'))).toEqual([
      'kind (line 3): found "Rul" — expected one of Detector, Rule, Calendar, Sink; did you mean "Rule"?',
    ]);
    expect(findings('just text')).toEqual(['(the document): found "just text" — expected object']);
    expect(findings(`${rule}---${rule}`)).toEqual([
      '(the file): Rule batch-job occurs more than once — give each document a name of its own',
    ]);
  });

  it('stores the text of a calendar file', () => {
    const text = calendar.replace(/events:.*/, 'file: holidays.ics');
    expect(parseDocuments(text, 'rules.yaml', (file) => `text of ${file}`)).toMatchObject([
      { spec: { ics: 'text of holidays.ics', timezone: 'Europe/Paris' } },
    ]);
    expect(findings(calendar.replace(/events:.*/, ''))).toEqual([
      'spec (line 6): none of events, file and ics — write exactly one of events, file and ics',
    ]);
    expect(findings(calendar.replace('Europe/Paris', 'Europe/Pari'))[0]).toContain('"Europe/Pari" is not a time zone');
  });

  it('reads sinks of every kind, and refuses two at once', () => {
    const specs = [
      '{ webhook: { url: https://hooks.example/flowline, secret: env:HOOK_SECRET } }',
      '{ alertmanager: { url: "http://alertmanager:9093", allow: [alertmanager], resendAfter: 30s }, retryFor: 2h }',
      '{ slack: { url: env:SLACK_URL } }',
      '{ email: { host: mail.example, from: flowline@example.org, to: [team@example.org] } }',
      '{ file: { path: /var/log/alerts.ndjson } }',
      '{ stdout: {} }',
    ];
    const documents = specs.map((spec) => parseDocuments(sink.replace(/spec:.*/, `spec: ${spec}`), 's.yaml')[0]);
    expect(documents.map((document) => (document?.kind === 'Sink' ? sinkKindOf(document.spec) : ''))).toEqual([
      ...['webhook', 'alertmanager', 'slack', 'email', 'file', 'stdout'],
    ]);
    expect(documents[1]).toMatchObject({ spec: { retryFor: '2h', alertmanager: { timeout: '10s' } } });
    expect(documents[2]).toMatchObject({ spec: { retryFor: '1d' } });
    expect(findings(sink.replace('name: team', 'name: kafka'))).toEqual([expect.stringContaining('another name')]);
    const two = sink.replace(/spec:.*/, 'spec: { stdout: {}, kafka: { topic: a } }');
    expect(findings(two)).toEqual([expect.stringContaining('expected exactly one of kafka, webhook, alertmanager')]);
  });

  it('never quotes a secret, wherever it was written', () => {
    const written = [
      '{ webhook: { url: https://hooks.example/, secret: hunter2 } }',
      '{ webhook: { url: https://me:hunter2@hooks.example/ } }',
      '{ slack: { url: "hooks.slack.com/services/hunter2" } }',
      '{ alertmanager: { url: "http://am:9093", token: [hunter2] } }',
      '{ email: { host: m, from: a@b, to: [a@b], login: { username: me, password: hunter2 } } }',
    ];
    for (const spec of written) {
      const [finding, ...others] = findings(sink.replace(/spec:.*/, `spec: ${spec}`));
      expect(others).toEqual([]);
      expect(finding).toContain('found another kind of value');
      expect(finding).not.toContain('hunter2');
    }
  });

  it("sends out none of Flowline's own settings", () => {
    for (const spec of [
      '{ slack: { url: "env:FLOWLINE_DATABASE_URL" } }',
      '{ webhook: { url: https://hooks.example/, secret: "env:FLOWLINE_KAFKA_PASSWORD" } }',
      '{ webhook: { url: https://hooks.example/, secret: "env:FLOWLINE_LINK_KEY" } }',
      '{ email: { host: m, from: a@b, to: [a@b], login: { username: "env:FLOWLINE_X", password: "env:P" } } }',
    ]) {
      expect(findings(sink.replace(/spec:.*/, `spec: ${spec}`))).toEqual([
        expect.stringContaining("expected a variable of the sink's own"),
      ]);
    }
  });

  it('has a JSON Schema per kind', () => {
    for (const kind of documentKinds) {
      expect(documentJsonSchema(kind)).toMatchObject({ additionalProperties: false, required: expect.anything() });
    }
  });
});

describe('texts that are made to exhaust the reader', () => {
  const refusalOf = (text: string): string => {
    try {
      parseDocuments(text, 'a.yaml');
      return '';
    } catch (error) {
      return `${(error as FlowlineError).code} ${(error as Error).message}`;
    }
  };

  it('reads a mapping of many keys, and lists the first findings', () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => `  k${String(i)}: 1`).join('\n');
    const refusal = refusalOf(`${sink.replace(/spec.*/, 'spec:')}${keys}`);
    expect(refusal).toContain('k0 (line');
    expect(refusal).toContain('19950 more unknown keys');
    expect(refusal.length).toBeLessThan(20_000);
  });

  it('names a key that occurs twice, in any mapping', () => {
    expect(refusalOf('a: { b: 1, b: 2 }')).toContain('line 1, column 12: Map keys must be unique');
  });

  it('refuses aliases that stand for aliases', () => {
    const nine = (text: string): string => Array<string>(9).fill(text).join(', ');
    const lines = ['a', 'b', 'c', 'd', 'e'].map(
      (name, i, all) => `${name}: &${name} [${nine(i === 0 ? 'x' : `*${at(all, i - 1)}`)}]`,
    );
    expect(refusalOf(lines.join('\n'))).toMatch(/^FLOWLINE_CONFIG_INVALID .*alias/s);
  });

  it('counts the findings beyond a hundred', () => {
    expect(refusalOf('}'.repeat(5_000)).split('\n').length).toBeLessThan(110);
  });
});

describe('a text that is nested deeply', () => {
  // Composed by recursion, such a text ended the process, not only the request.
  it.each([
    ['lists', '['.repeat(130_000)],
    ['closed lists', '['.repeat(60_000) + ']'.repeat(60_000)],
    ['mappings', `a: ${'{a: '.repeat(30_000)}`],
    ['items', '- '.repeat(65_000)],
    ['keys', '? '.repeat(65_000)],
    ['lines', Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('of %s is refused where it is', (_name, text) => {
    expect(findings(text)).toEqual([expect.stringMatching(/^line \d+, column \d+: nested more than 100 levels deep/)]);
  });
});
