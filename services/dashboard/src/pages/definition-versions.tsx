import { call } from '../client/call.ts';
import { ChangeList } from '../components/change-list.tsx';
import { Card } from '../components/parts.tsx';
import { Blank, Show } from '../components/states.tsx';
import { Time } from '../components/time.tsx';
import { setQuery, usePlace } from '../state/router.ts';
import { useLoad } from '../state/use-load.ts';

const MOST_LISTED = 200;

/** Versions of a definition, and the differences between any two. */
export function DefinitionVersions({ name, current }: { readonly name: string; readonly current: number }) {
  const { query } = usePlace();
  const to = versionOf(query.get('to'), current) ?? current;
  const from = versionOf(query.get('from'), current) ?? Math.max(1, to - 1);
  const params = { detector: name };
  const { loaded, reload } = useLoad(`${name} ${current}`, (signal) =>
    call('GET /v1/detectors/{detector}/versions', { params, query: { limit: MOST_LISTED }, signal }),
  );
  return (
    <Card title="Versions" note={`${current} is in force`}>
      <Show loaded={loaded} reload={reload} height={140}>
        {({ items }) =>
          items.length < 2 ? (
            <Blank title="There is no other version yet." />
          ) : (
            <div class="stack">
              <div class="filters" role="group" aria-label="Versions to compare">
                <Choice label="From" name="from" value={from} versions={items} />
                <Choice label="to" name="to" value={to} versions={items} />
              </div>
              <Changes key={`${from} ${to}`} {...{ name, from, to }} />
              <details class="more">
                <summary>All versions</summary>
                <ul class="rows">
                  {items.map(({ version, appliedAt }) => (
                    <li key={version}>
                      <button
                        type="button"
                        class="link-button link"
                        onClick={() => setQuery({ from: String(Math.max(1, version - 1)), to: String(version) })}
                      >
                        version {version}
                      </button>
                      <span class="small muted">
                        <Time at={appliedAt} />
                      </span>
                    </li>
                  ))}
                </ul>
              </details>
            </div>
          )
        }
      </Show>
    </Card>
  );
}

/** Version that an address names; null if it names none that there is. */
function versionOf(written: string | null, current: number): number | null {
  const version = Number(written);
  return Number.isInteger(version) && version >= 1 && version <= current ? version : null;
}

function Choice({
  label,
  name,
  value,
  versions,
}: {
  readonly label: string;
  readonly name: string;
  readonly value: number;
  readonly versions: readonly { readonly version: number }[];
}) {
  return (
    <label>
      {label}
      <select
        class="select"
        value={String(value)}
        onChange={(event) => setQuery({ [name]: event.currentTarget.value })}
      >
        {versions.map(({ version }) => (
          <option key={version} value={String(version)}>
            version {version}
          </option>
        ))}
      </select>
    </label>
  );
}

function Changes({ name, from, to }: { readonly name: string; readonly from: number; readonly to: number }) {
  const { loaded, reload } = useLoad(`${name} ${from} ${to}`, (signal) =>
    call('GET /v1/detectors/{detector}/versions/{version}/changes', {
      params: { detector: name, version: to },
      query: { from },
      signal,
    }),
  );
  return (
    <Show loaded={loaded} reload={reload} height={80}>
      {({ changes }) =>
        changes.length === 0 ? <p class="muted">They do not differ.</p> : <ChangeList changes={changes} />
      }
    </Show>
  );
}
