import { Card } from '../components/parts.tsx';

const variables = [
  ['x["latency_ms"]', 'what was observed, by feature; a missing value is absent: has(x.latency_ms)'],
  ['e["latency_ms"].p95', 'what was expected given the rest: median, p05, p95'],
  ['bits, pValue', 'surprise of the event'],
  ['severity', '"info", "warning", "major" or "critical", by the bits'],
  ['feature', 'the most surprising feature'],
  ['entity.host', 'the entity, by the fields of source.key'],
  ['time.getHours("Europe/Paris") < 6', 'time of the event'],
  ['calendar["nights"]', 'whether the event is within a calendar'],
] as const;

/** Variables of conditions, for whoever writes one. */
export function ConditionHelp() {
  return (
    <Card title="Conditions" note="CEL, over an anomaly">
      <dl class="terms">
        {variables.map(([code, meaning]) => (
          <div key={code}>
            <dt>
              <code>{code}</code>
            </dt>
            <dd class="small">{meaning}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
