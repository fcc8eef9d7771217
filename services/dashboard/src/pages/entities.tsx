import { HeatStrip } from '@flowline/charts';

import { Sized } from '../charts/sized.tsx';
import { call, type Reply } from '../client/call.ts';
import { ChartFigure } from '../components/chart-figure.tsx';
import { Cli } from '../components/cli.tsx';
import { Link } from '../components/link.tsx';
import { Card } from '../components/parts.tsx';
import { Segments } from '../components/segments.tsx';
import { Blank, Show } from '../components/states.tsx';
import { Time } from '../components/time.tsx';
import { TableBox } from '../components/table-box.tsx';
import { formatBits, formatCount } from '../format/numbers.ts';
import { formatTime } from '../format/times.ts';
import { setQuery, usePlace, useQueryText } from '../state/router.ts';
import { useLoad } from '../state/use-load.ts';
import { DetectorFrame } from './detector-frame.tsx';

type Entities = Reply<'GET /v1/detectors/{detector}/entities'>;
type Row = Entities['entities'][number];

const DAY_MS = 86_400_000;
const CELLS = 48;
const STRIP_HEIGHT = 18;
const MOST = 40;
const spans = [
  [1, '1 d'],
  [7, '7 d'],
  [31, '31 d'],
] as const;

/** Entities with the most anomalies, or the worst, each over time. */
export function EntitiesPage({ name }: { readonly name: string }) {
  const { query } = usePlace();
  const days = spans.find(([count]) => String(count) === query.get('days'))?.[0] ?? 31;
  const order = query.get('order') === 'worst' ? 'worst' : 'anomalies';
  const entity = query.get('entity') ?? undefined;
  const [text, setText] = useQueryText('entity');
  const { loaded, reload } = useLoad(JSON.stringify([name, days, order, entity]), async (signal) => {
    const params = { detector: name };
    const [{ definition }, { stored }] = await Promise.all([
      call('GET /v1/detectors/{detector}', { params, signal }),
      call('GET /v1/detectors/{detector}/timeline', { params, query: { points: 1 }, signal }),
    ]);
    const hasKey = (definition as { readonly source?: { readonly key?: unknown } }).source?.key != null;
    if (!hasKey || stored === null) return { hasKey, found: null };
    const to = new Date(new Date(stored.last).getTime() + DAY_MS / 24);
    const range = { from: new Date(to.getTime() - days * DAY_MS).toISOString(), to: to.toISOString() };
    const asked = { ...range, order, entity, limit: MOST, cells: CELLS } as const;
    return { hasKey, found: await call('GET /v1/detectors/{detector}/entities', { params, query: asked, signal }) };
  });
  return (
    <DetectorFrame name={name} current="entities">
      <div class="filters" role="search" aria-label="Filters">
        <Segments options={spans} chosen={days} onChoose={(count) => setQuery({ days: String(count) })} />
        <label>
          Sort by
          <select class="select" value={order} onChange={(event) => setQuery({ order: event.currentTarget.value })}>
            <option value="anomalies">most anomalies</option>
            <option value="worst">greatest surprise</option>
          </select>
        </label>
        <label>
          Name
          <input class="input" value={text} onInput={(event) => setText(event.currentTarget.value)} size={16} />
        </label>
      </div>
      <Show loaded={loaded} reload={reload} height={360}>
        {({ hasKey, found }) => (
          <Card title="Entities by their worst anomaly" flush note="the stronger, the more surprising">
            {found !== null && found.entities.length > 0 ? (
              <ChartFigure
                name={`${name} entities`}
                columns={['entity', 'start (UTC)', 'anomalies', 'worst bits']}
                rows={() => numbersOf(found)}
                isFlush
              >
                <HeatMap name={name} found={found} />
              </ChartFigure>
            ) : (
              <Blank
                title={hasKey ? 'No entity had an anomaly here.' : 'The events of this detector have no entities.'}
              >
                {!hasKey && (
                  <span>
                    With source.key in its definition, such as key: [sensor], each entity has a past of its own.
                  </span>
                )}
              </Blank>
            )}
          </Card>
        )}
      </Show>
      <Cli command={`flowline anomalies --detector ${name} --order surprise`} />
    </DetectorFrame>
  );
}

function HeatMap({ name, found }: { readonly name: string; readonly found: Entities }) {
  const most = Math.max(1, ...found.entities.map(({ worstBits }) => worstBits));
  return (
    <TableBox>
      <table class="table table-stack">
        <thead>
          <tr>
            <th scope="col">Entity</th>
            <th scope="col">
              {formatTime(new Date(found.from))} to {formatTime(new Date(found.to))}
            </th>
            <th scope="col" class="number">
              Anomalies
            </th>
            <th scope="col" class="number">
              Worst, bits
            </th>
            <th scope="col">Last</th>
          </tr>
        </thead>
        <tbody>
          {found.entities.map((row) => (
            <tr key={row.entity}>
              <td class="main-cell name-cell">
                <Link
                  to={`/alerts?state=all&detector=${name}&entity=${encodeURIComponent(row.entity)}`}
                  data-row
                  class="clip"
                >
                  {row.entity}
                </Link>
              </td>
              <td class="wide-cell">
                <Strip row={row} found={found} most={most} />
              </td>
              <td class="number" data-name="Anomalies">
                {formatCount(row.anomalies)}
              </td>
              <td class="number" data-name="Worst, bits">
                {formatBits(row.worstBits)}
              </td>
              <td data-name="Last">
                <Time at={row.last} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

/** Start of a cell of the heat map. */
const startOf = ({ from, seconds }: Entities, cell: number): Date =>
  new Date(new Date(from).getTime() + cell * seconds * 1_000);

const numbersOf = (found: Entities) =>
  found.entities.flatMap(({ entity, cells }) =>
    cells.map(({ cell, anomalies, worstBits }) => [entity, startOf(found, cell).toISOString(), anomalies, worstBits]),
  );

function Strip({ row, found, most }: { readonly row: Row; readonly found: Entities; readonly most: number }) {
  return (
    <div class="strip">
      <Sized height={STRIP_HEIGHT}>
        {(width) => (
          <HeatStrip
            title={`${row.entity}: ${row.anomalies} anomalies, the worst of ${formatBits(row.worstBits)} bits`}
            {...{ places: CELLS, width, height: STRIP_HEIGHT }}
            cells={row.cells.map(({ cell, anomalies, worstBits }) => ({
              ...{ place: cell, strength: worstBits / most },
              title: `${formatTime(startOf(found, cell))}: ${anomalies} anomalies, ${formatBits(worstBits)} bits`,
            }))}
          />
        )}
      </Sized>
    </div>
  );
}
