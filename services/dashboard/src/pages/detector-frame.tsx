import type { ComponentChildren } from 'preact';

import { call, type Reply } from '../client/call.ts';
import { Link } from '../components/link.tsx';
import { Head, StateChip } from '../components/parts.tsx';
import { Show } from '../components/states.tsx';
import { WithCode } from '../components/with-code.tsx';
import { Lasting } from '../components/time.tsx';
import { formatP } from '../format/numbers.ts';
import { useLoad } from '../state/use-load.ts';

const EVERY_MS = 10_000;

/** Pages of a detector: their place below its address, and their titles. */
const tabs = [
  ['', 'Scores'],
  ['explorer', 'Explorer'],
  ['models', 'Models'],
  ['entities', 'Entities'],
  ['pipeline', 'Pipeline'],
  ['what-if', 'What-if'],
  ['definition', 'Definition'],
] as const;

/** Frame of the pages of a detector: its state, and the way to the other pages. */
export function DetectorFrame({
  name,
  current,
  children,
}: {
  readonly name: string;
  readonly current: (typeof tabs)[number][0];
  readonly children: ComponentChildren;
}) {
  const { loaded, reload } = useLoad(
    name,
    (signal) => call('GET /v1/detectors/{detector}/status', { params: { detector: name }, signal }),
    { everyMs: EVERY_MS },
  );
  return (
    <>
      <Show loaded={loaded} reload={reload} height={64}>
        {(status) => <StateHead name={name} status={status} />}
      </Show>
      <nav class="tabs" aria-label={`Pages of ${name}`}>
        {tabs.map(([path, title]) => (
          <Link
            key={path}
            to={`/detectors/${name}${path === '' ? '' : `/${path}`}`}
            {...(path === current ? { 'aria-current': 'page' } : {})}
          >
            {title}
          </Link>
        ))}
      </nav>
      {children}
    </>
  );
}

type Status = Reply<'GET /v1/detectors/{detector}/status'>;

/** Parts of the state that the API passes on as the library has them. */
interface Further {
  readonly definition?: { readonly version: number };
  readonly scoring?: {
    readonly modelVersion: number | null;
    readonly alpha: number | null;
    readonly since: string | null;
  } | null;
}

function StateHead({ name, status }: { readonly name: string; readonly status: Status }) {
  const { state, findings } = status;
  const { scoring = null, definition } = status as Status & Further;
  return (
    <>
      <Head
        title={name}
        sub={
          <span class="actions dotted">
            <StateChip state={state} />
            {scoring?.modelVersion != null && <span>model {scoring.modelVersion}</span>}
            {definition !== undefined && <span>definition {definition.version}</span>}
            {scoring?.alpha != null && <span>alarms at p ≤ {formatP(scoring.alpha)}</span>}
            {scoring?.since != null && (
              <span>
                for <Lasting since={scoring.since} />
              </span>
            )}
          </span>
        }
      />
      {findings.map(({ code, reason, remedy }) => (
        <div key={code} class="note note-warning">
          <strong>{reason.charAt(0).toUpperCase() + reason.slice(1)}.</strong>
          <span class="muted">
            <WithCode text={remedy} />
          </span>
        </div>
      ))}
    </>
  );
}
