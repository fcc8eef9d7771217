import { useState } from 'preact/hooks';

import { call, type Reply } from '../client/call.ts';
import { mayAdminister, session } from '../client/session.ts';
import { type Check, useCheck } from '../components/use-check.ts';
import { Cli, quoted } from '../components/cli.tsx';
import { Link } from '../components/link.tsx';
import { Card } from '../components/parts.tsx';
import { ProblemNote, Show } from '../components/states.tsx';
import { useAction } from '../components/use-action.ts';
import { plural } from '../format/numbers.ts';
import { Dialog } from '../shell/dialog.tsx';
import { navigate, setQuery, usePlace } from '../state/router.ts';
import { useStore } from '../state/store.ts';
import { useLoad } from '../state/use-load.ts';
import { AlertsFrame } from './alerts-frame.tsx';
import { ConditionHelp } from './condition-help.tsx';
import { DryRunResult } from './dry-run-result.tsx';
import { type Folder, folders, putText, readText, removeResource } from './resources.ts';
import { newCalendar, newRule, ruleOf } from './rule-document.ts';

type DryRun = Reply<'POST /v1/dry-run'>;

const DAY_MS = 86_400_000;
const spans = [1, 7, 30, 365] as const;

/** File that is edited, and what it replaces. */
interface Edited {
  readonly text: string;
  /** Name and version in force; null for a new one. */
  readonly inForce: { readonly name: string; readonly version: number } | null;
  /** Time before which anomalies are examined; null for now. */
  readonly endMs: number | null;
  /** Anomaly that a rule is made of. */
  readonly anomalyId: string | null;
}

/** Rule or calendar as a file: checked while it is written, beside what it would have done. */
export function ResourcePage({ folder, name }: { readonly folder: Folder; readonly name: string | null }) {
  const { kind, noun } = folders[folder];
  const anomalyId = usePlace().query.get('anomaly');
  const { loaded, reload } = useLoad(JSON.stringify([folder, name, anomalyId]), (signal) =>
    editedOf({ folder, name, anomalyId }, signal),
  );
  return (
    <AlertsFrame
      current={`/${folder}`}
      title={name ?? `New ${noun}`}
      sub={name === null ? `Nothing is in force before it is saved.` : `${kind} in force; each version of it is kept.`}
    >
      <Show loaded={loaded} reload={reload} height={480}>
        {(edited) => (
          <Editor
            key={`${name ?? ''} ${edited.inForce?.version ?? ''}`}
            folder={folder}
            edited={edited}
            onDone={reload}
          />
        )}
      </Show>
    </AlertsFrame>
  );
}

interface Wanted {
  readonly folder: Folder;
  readonly name: string | null;
  readonly anomalyId: string | null;
}

async function editedOf({ folder, name, anomalyId }: Wanted, signal: AbortSignal): Promise<Edited> {
  if (name !== null) {
    const { text, version } = await readText(folder, name, signal);
    return { text, inForce: { name, version }, endMs: null, anomalyId: null };
  }
  const nothing = { inForce: null, endMs: null, anomalyId: null };
  if (folder === 'calendars') {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    return { ...nothing, text: newCalendar(timeZone, new Date().toISOString().slice(0, 10)) };
  }
  if (anomalyId === null) return { ...nothing, text: newRule() };
  const params = { anomalyId: Number(anomalyId) };
  const anomaly = await call('GET /v1/anomalies/{anomalyId}', { params, signal });
  return { text: ruleOf(anomaly), inForce: null, endMs: Date.parse(anomaly.eventTime), anomalyId };
}

interface EditorProps {
  readonly folder: Folder;
  readonly edited: Edited;
  readonly onDone: () => void;
}

function Editor({ folder, edited, onDone }: EditorProps) {
  const { noun } = folders[folder];
  const [text, setText] = useState(edited.text);
  const days = useDays();
  // Once per editor: a check would begin anew with each millisecond.
  const [nowMs] = useState(Date.now);
  const from = new Date((edited.endMs ?? nowMs) - days * DAY_MS);
  const since = edited.endMs === null ? `${days}d` : from.toISOString();
  const check = useCheck(text, since, (body, signal) =>
    call('POST /v1/dry-run', { query: { from: from.toISOString() }, body, signal }),
  );
  const file = `${check.result?.documents.at(0)?.name ?? edited.inForce?.name ?? noun}.yaml`;
  return (
    <>
      <div class="grid-2">
        <Card title="Its file" note={edited.inForce === null ? 'new' : `version ${edited.inForce.version}`}>
          <div class="stack">
            {edited.anomalyId !== null && (
              <p class="small muted">
                Written from{' '}
                <Link to={`/anomalies/${edited.anomalyId}`} class="link">
                  the anomaly
                </Link>
                : its entity, its most surprising feature, and no more surprise than it had.
              </p>
            )}
            <textarea
              class="textarea textarea-short"
              aria-label={`File of the ${noun} in YAML`}
              aria-invalid={check.problem !== null}
              spellcheck={false}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
            {check.problem !== null && <ProblemNote problem={check.problem} />}
            <Actions {...{ folder, edited, text, check, onDone }} onTakeBack={() => setText(edited.text)} />
          </div>
        </Card>
        <Card title="What it would have done" note={<Span days={days} isBefore={edited.endMs !== null} />}>
          <DryRunResult check={check} from={from} to={new Date(nowMs)} />
        </Card>
      </div>
      {folder === 'rules' && <ConditionHelp />}
      <Cli command={`flowline rules dry-run ${quoted(file)} --since ${since} && flowline apply ${quoted(file)}`} />
      {edited.inForce !== null && <Cli command={`flowline ${folder} rm ${quoted(edited.inForce.name)}`} />}
    </>
  );
}

function useDays(): (typeof spans)[number] {
  const written = usePlace().query.get('days');
  return spans.find((days) => String(days) === written) ?? 7;
}

function Span({ days, isBefore }: { readonly days: number; readonly isBefore: boolean }) {
  return (
    <label class="actions">
      {isBefore ? 'since' : 'in the last'}
      <select class="select" value={String(days)} onChange={(event) => setQuery({ days: event.currentTarget.value })}>
        {spans.map((count) => (
          <option key={count} value={String(count)}>
            {count === 365 ? '1 year' : plural(count, 'day')}
            {isBefore ? ' before it' : ''}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ActionsProps extends EditorProps {
  readonly text: string;
  readonly check: Check<DryRun>;
  readonly onTakeBack: () => void;
}

function Actions({ folder, edited, text, check, onDone, onTakeBack }: ActionsProps) {
  const { noun } = folders[folder];
  const { inForce } = edited;
  const [isRemoving, setRemoving] = useState(false);
  const may = mayAdminister(useStore(session));
  const { name, finding } = nameOf(check, folder);
  const isSame = inForce !== null && (name === null || name === inForce.name);
  const { isBusy, problem, run } = useAction(() => (isSame ? onDone() : navigate(`/${folder}/${name ?? ''}`)));
  const save = (): void =>
    run(async () => {
      if (name !== null) await putText(folder, name, text, isSame ? inForce.version : null);
    });
  const words = isSame ? `Save as version ${inForce.version + 1}` : `Save as a new ${noun}`;
  const isChanged = text !== edited.text;
  return (
    <>
      {finding !== null && <p class="note note-warning">{finding}</p>}
      {problem !== null && <ProblemNote problem={problem} />}
      <div class="actions">
        {may ? (
          <button
            type="button"
            class="button button-primary"
            disabled={isBusy || check.isChecking || name === null || (isSame && !isChanged)}
            onClick={save}
          >
            {words}
          </button>
        ) : (
          <span class="muted small">Saving needs a token with the scope admin.</span>
        )}
        <button type="button" class="button" disabled={!isChanged} onClick={onTakeBack}>
          Take it back
        </button>
        {may && inForce !== null && (
          <button type="button" class="button" disabled={isBusy} onClick={() => setRemoving(true)}>
            Delete …
          </button>
        )}
      </div>
      {isRemoving && inForce !== null && <RemoveDialog {...{ folder, inForce }} onClose={() => setRemoving(false)} />}
    </>
  );
}

/** Name of the only document of a text; a finding for another kind of document, or several. */
function nameOf(
  { result }: Check<DryRun>,
  folder: Folder,
): { readonly name: string | null; readonly finding: string | null } {
  if (result === null) return { name: null, finding: null };
  const { kind, noun } = folders[folder];
  const [document, ...others] = result.documents;
  if (document?.kind === kind && others.length === 0) return { name: document.name, finding: null };
  return { name: null, finding: `To be saved here, a file has one document, of kind ${kind}: a ${noun}.` };
}

function RemoveDialog({
  folder,
  inForce: { name, version },
  onClose,
}: {
  readonly folder: Folder;
  readonly inForce: { readonly name: string; readonly version: number };
  readonly onClose: () => void;
}) {
  const { noun } = folders[folder];
  const { isBusy, problem, run } = useAction(() => navigate(`/${folder}`));
  return (
    <Dialog title={`Delete the ${noun}`} onClose={onClose}>
      <h2>
        Delete the {noun} {name}?
      </h2>
      <p class="muted">
        It is out of force within a second for the anomalies to come. What is stored does not change, and its versions
        are kept: applied again, it comes back.
      </p>
      {problem !== null && <ProblemNote problem={problem} />}
      <div class="actions">
        <button
          type="button"
          class="button button-primary"
          disabled={isBusy}
          onClick={() => run(() => removeResource(folder, name, version))}
        >
          Delete
        </button>
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </Dialog>
  );
}
