import type { Reply } from '../client/call.ts';
import { Card } from '../components/parts.tsx';
import { Blank } from '../components/states.tsx';
import { TableBox } from '../components/table-box.tsx';
import { Ago } from '../components/time.tsx';
import { formatCount } from '../format/numbers.ts';

type Sink = Reply<'GET /v1/detectors/{detector}/pipeline'>['sinks'][number];

/** Sinks of a detector: whether messages arrive, wait or fail. */
export function SinkStates({ sinks }: { readonly sinks: readonly Sink[] }) {
  return (
    <Card title="Sinks" flush>
      {sinks.length === 0 ? (
        <Blank title="No sink is told.">
          <span>Name sinks in alerts.sinks of the definition.</span>
        </Blank>
      ) : (
        <TableBox>
          <table class="table table-stack">
            <thead>
              <tr>
                <th scope="col">Sink</th>
                <th scope="col">State</th>
                <th scope="col" class="number">
                  Waiting
                </th>
                <th scope="col" class="number">
                  Accepted, last day
                </th>
                <th scope="col">Last success</th>
                <th scope="col" class="number">
                  Set aside
                </th>
              </tr>
            </thead>
            <tbody>
              {sinks.map((sink) => (
                <Row key={sink.sink} of={sink} />
              ))}
            </tbody>
          </table>
        </TableBox>
      )}
    </Card>
  );
}

function Row({ of }: { readonly of: Sink }) {
  const { sink, waiting, oldestAt, error, lastSentAt, sentLastDay, dead } = of;
  return (
    <tr>
      <td class="main-cell">
        <strong>{sink === 'kafka' ? 'the topic of alerts' : sink}</strong>
        {error !== null && <div class="small muted clip">{error}</div>}
      </td>
      <td data-name="State">
        <State of={of} />
      </td>
      <td class="number" data-name="Waiting">
        {formatCount(waiting)}
        {oldestAt !== null && (
          <div class="small muted">
            since <Ago at={oldestAt} />
          </div>
        )}
      </td>
      <td class="number" data-name="Accepted, last day">
        {formatCount(sentLastDay)}
      </td>
      <td data-name="Last success">
        {lastSentAt === null ? <span class="muted">never</span> : <Ago at={lastSentAt} />}
      </td>
      <td class="number" data-name="Set aside">
        {dead === 0 ? <span class="muted">none</span> : formatCount(dead)}
      </td>
    </tr>
  );
}

function State({ of: { waiting, failingSince, error } }: { readonly of: Sink }) {
  if (failingSince !== null) {
    return (
      <>
        <span class="chip chip-critical">failing</span>
        <div class="small muted">
          since <Ago at={failingSince} />
        </div>
      </>
    );
  }
  if (waiting === 0) return <span class="chip chip-good">nothing waits</span>;
  return error === null ? <span class="chip">waiting</span> : <span class="chip chip-warning">held up</span>;
}
