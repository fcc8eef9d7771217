import { useEffect, useState } from 'preact/hooks';

import { call } from '../client/call.ts';
import { Link } from '../components/link.tsx';
import { Show } from '../components/states.tsx';
import { navigate } from '../state/router.ts';
import { useLoad } from '../state/use-load.ts';
import { Dialog } from './dialog.tsx';

interface Found {
  readonly name: string;
  readonly kind: string;
  readonly to: string;
}

const MOST_DETECTORS = 1_000;
const MOST_SHOWN = 12;
const pages: readonly Found[] = [
  { name: 'Overview', kind: 'page', to: '/' },
  { name: 'Alerts', kind: 'page', to: '/alerts' },
  { name: 'Incidents', kind: 'page', to: '/incidents' },
  { name: 'Rules', kind: 'page', to: '/rules' },
  { name: 'Calendars', kind: 'page', to: '/calendars' },
  { name: 'Open critical alerts', kind: 'page', to: '/alerts?severity=critical' },
];

/** Search for detectors and pages by name. */
export function SearchDialog({ onClose }: { readonly onClose: () => void }) {
  const [text, setText] = useState('');
  const { loaded, reload } = useLoad('search', (signal) =>
    call('GET /v1/detectors', { query: { limit: MOST_DETECTORS }, signal }),
  );
  const detectors = loaded.state === 'ready' ? loaded.value.items : [];
  const found = [...detectors.map(({ name }) => ({ name, kind: 'detector', to: `/detectors/${name}` })), ...pages]
    .filter(({ name }) => name.toLowerCase().includes(text.trim().toLowerCase()))
    .slice(0, MOST_SHOWN);
  // Enter waits for the detectors.
  const [isEntered, setEntered] = useState(false);
  const first = found.at(0)?.to;
  useEffect(() => {
    if (!isEntered || loaded.state === 'loading') return;
    setEntered(false);
    if (first === undefined) return;
    onClose();
    navigate(first);
  }, [isEntered, loaded.state, first]);
  return (
    <Dialog title="Search" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setEntered(true);
        }}
      >
        <label class="hidden-text" for="search">
          Name of a detector or a page
        </label>
        <input
          id="search"
          class="input"
          style={{ width: '100%' }}
          autofocus
          autocomplete="off"
          placeholder="Detector or page"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </form>
      <Show loaded={loaded} reload={reload} height={120}>
        {() =>
          found.length === 0 ? (
            <p class="muted">Nothing has this name.</p>
          ) : (
            <ul class="found">
              {found.map(({ name, kind, to }) => (
                <li key={to} onClick={onClose}>
                  <Link to={to}>
                    <span>{name}</span>
                    <span class="muted small">{kind}</span>
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Show>
    </Dialog>
  );
}
