import type { Reply } from '../client/call.ts';
import { Card } from '../components/parts.tsx';
import { Blank, ProblemNote, Skeleton } from '../components/states.tsx';
import { TableBox } from '../components/table-box.tsx';
import type { Check } from '../components/use-check.ts';
import { formatCount, formatP } from '../format/numbers.ts';
import { formatTime } from '../format/times.ts';

type Preview = Reply<'POST /v1/detectors/{detector}/preview'>;
type Side = NonNullable<Preview['before']>;

const measures = [
  ['anomalies', 'Anomalies'],
  ['suppressed', 'Kept out of alerts'],
  ['alerts', 'Alerts'],
  ['storms', 'Storms'],
  ['pages', 'Pages to people'],
  ['messages', 'Messages to each sink'],
] as const;

/** Effect that a definition would have had on the last day of stored events. */
export function DefinitionPreview({ check: { isChecking, result, problem } }: { readonly check: Check<Preview> }) {
  return (
    <Card title="What the last day would have been" note="scores as they are stored, decided anew">
      <div class={isChecking ? 'stack is-old' : 'stack'} aria-live="polite" aria-busy={isChecking}>
        {problem !== null && <ProblemNote problem={problem} />}
        {result === null ? isChecking && <Skeleton height={180} /> : <Shown preview={result} />}
      </div>
    </Card>
  );
}

function Shown({ preview }: { readonly preview: Preview }) {
  const { range, unknown, before, after, isPartial, more, nextModel } = preview;
  if (range === null || before === null || after === null)
    return <Blank title={`It cannot be tried out: ${unknown ?? 'it is not known why'}.`} />;
  return (
    <>
      <p class="small muted">
        {formatCount(range.events)} events, {formatTime(new Date(range.from))} to {formatTime(new Date(range.to))}
      </p>
      <Comparison before={before} after={after} isEstimate={isPartial} />
      {after.alphaNote !== null && <p class="note note-warning">Alpha is the model’s own: {after.alphaNote}.</p>}
      {isPartial && (
        <p class="small muted">
          More events would be anomalies than were stored as such. Their number is estimated from the counts by bit, and
          no alert of theirs is counted.
        </p>
      )}
      {nextModel.length > 0 && (
        <p class="small muted">Without {nextModel.join(', ')}: their effect needs a training first.</p>
      )}
      {more && <p class="small muted">There are more anomalies: the latest 20,000 were examined.</p>}
    </>
  );
}

function Comparison({
  before,
  after,
  isEstimate,
}: {
  readonly before: Side;
  readonly after: Side;
  readonly isEstimate: boolean;
}) {
  return (
    <TableBox>
      <table class="table table-plain">
        <thead>
          <tr>
            <th scope="col">Last day</th>
            <th scope="col" class="number">
              In force
            </th>
            <th scope="col" class="number">
              With it
            </th>
            <th scope="col" class="number">
              Change
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Alarms at p ≤</th>
            <td class="number">{formatP(before.alpha)}</td>
            <td class="number">{formatP(after.alpha)}</td>
            <td class="number" />
          </tr>
          {measures.map(([measure, title]) => (
            <tr key={measure}>
              <th scope="row">{title}</th>
              <td class="number">{formatCount(before[measure])}</td>
              <td class="number">
                {isEstimate && measure === 'anomalies' && 'about '}
                {isEstimate && measure === 'alerts' && 'at least '}
                {formatCount(after[measure])}
              </td>
              <td class="number">
                <Difference by={after[measure] - before[measure]} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

function Difference({ by }: { readonly by: number }) {
  const text = formatCount(Math.abs(by));
  if (text === '0') return <span class="muted">same</span>;
  return <strong>{`${by > 0 ? '+' : '−'}${text}`}</strong>;
}
