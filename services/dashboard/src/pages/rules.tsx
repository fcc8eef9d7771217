import { Cli } from '../components/cli.tsx';
import { Link } from '../components/link.tsx';
import { NextPage } from '../components/paging.tsx';
import { Card } from '../components/parts.tsx';
import { Blank, Show } from '../components/states.tsx';
import { TableBox } from '../components/table-box.tsx';
import { Ago } from '../components/time.tsx';
import { plural } from '../format/numbers.ts';
import { usePlace } from '../state/router.ts';
import { useLoad } from '../state/use-load.ts';
import { AlertsFrame } from './alerts-frame.tsx';
import { type Folder, folders, listResources, type Resource } from './resources.ts';
import { CalendarCells, RuleCells, Scope } from './resource-cells.tsx';

/** Rules or calendars in force. */
export function RulesPage({ folder }: { readonly folder: Folder }) {
  const { noun, sub } = folders[folder];
  const cursor = usePlace().query.get('after') ?? undefined;
  const { loaded, reload } = useLoad(JSON.stringify([folder, cursor]), (signal) =>
    listResources(folder, cursor, signal),
  );
  return (
    <AlertsFrame
      current={`/${folder}`}
      sub={sub}
      actions={
        <Link to={`/${folder}/new`} class="button button-primary">
          New {noun}
        </Link>
      }
    >
      <Show loaded={loaded} reload={reload} height={280}>
        {({ items, next }) =>
          items.length === 0 ? (
            <None folder={folder} />
          ) : (
            <Card title={plural(items.length, noun)} flush note={next === null ? 'in force' : 'and more, in force'}>
              <Rows folder={folder} items={items} />
              {next !== null && (
                <div class="card-body">
                  <NextPage next={next} />
                </div>
              )}
            </Card>
          )
        }
      </Show>
      <Cli command={`flowline ${folder} ls`} />
    </AlertsFrame>
  );
}

function None({ folder }: { readonly folder: Folder }) {
  const { noun } = folders[folder];
  return (
    <Card title={folder === 'rules' ? 'Rules' : 'Calendars'}>
      <Blank title={`There is no ${noun} yet.`}>
        <span>
          {folder === 'rules'
            ? 'Begin with an anomaly that you expected: “As a rule” on its page writes one, and shows what it would have hidden.'
            : 'Holidays, nights and maintenance: a calendar keeps their anomalies out of alerts, or out of training.'}
        </span>
        <Link to={`/${folder}/new`} class="button">
          Write a {noun}
        </Link>
      </Blank>
    </Card>
  );
}

function Rows({ folder, items }: { readonly folder: Folder; readonly items: readonly Resource[] }) {
  const isRule = folder === 'rules';
  return (
    <TableBox>
      <table class="table table-stack">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">{isRule ? 'When' : 'Times'}</th>
            <th scope="col">{isRule ? 'Then' : 'Within it'}</th>
            <th scope="col">For</th>
            <th scope="col">In force</th>
          </tr>
        </thead>
        <tbody>
          {items.map((resource) => (
            <tr key={resource.name}>
              <td class="main-cell name-cell">
                <Link to={`/${folder}/${resource.name}`} data-row>
                  <strong>{resource.name}</strong>
                </Link>
                {resource.fault !== null && (
                  <div class="small">
                    <span class="chip chip-warning">passed over</span> {resource.fault}
                  </div>
                )}
              </td>
              {isRule ? <RuleCells spec={resource.spec} /> : <CalendarCells spec={resource.spec} />}
              <td data-name="For" class="scope-cell">
                <Scope spec={resource.spec} />
              </td>
              <td data-name="In force">
                <div>
                  <span class="nowrap">version {resource.version}</span>
                  <div class="small muted">
                    <Ago at={resource.appliedAt} />
                    <br />
                    by {resource.appliedBy}
                  </div>
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}
