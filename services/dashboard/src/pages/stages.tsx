import type { Reply } from '../client/call.ts';
import { DaySpark } from '../charts/day-spark.tsx';
import { ChartTable } from '../components/chart-table.tsx';
import { Card } from '../components/parts.tsx';
import { formatCount } from '../format/numbers.ts';

type Day = Reply<'GET /v1/detectors/{detector}/pipeline'>['days'][number];

const stages = [
  ['scored', 'Scored', 'events that a model has scored'],
  ['duplicates', 'Repeats', 'records that repeat an event id'],
  ['deadLetters', 'Dead letters', 'records that could not be scored'],
  ['anomalies', 'Anomalies', 'events too improbable'],
  ['suppressed', 'Suppressed', 'kept out of alerts by a rule, a calendar or a bound'],
  ['sent', 'Messages', 'accepted by sinks'],
] as const;

/** Work of the last days at each stage. */
export function Stages({ days }: { readonly days: readonly Day[] }) {
  return (
    <Card title="Stages" note="today, and the last seven UTC days, by the time of storing">
      <dl class="stages">
        {stages.map(([stage, title, meaning]) => (
          <div key={stage} class="stage">
            <dt>{title}</dt>
            <dd>
              <span class="stage-count">{formatCount(days.at(-1)?.[stage] ?? 0)}</span>
              <DaySpark label={title} days={days.map((day) => ({ day: day.day, count: day[stage] }))} />
              <div class="small muted">{meaning}</div>
            </dd>
          </div>
        ))}
      </dl>
      <ChartTable
        name="stages"
        columns={['day', ...stages.map(([, title]) => title)]}
        rows={days.map((day) => [day.day, ...stages.map(([stage]) => day[stage])])}
      />
    </Card>
  );
}
