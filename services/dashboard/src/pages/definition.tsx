import { useEffect, useState } from 'preact/hooks';

import { type ApiProblem, call, type Reply } from '../client/call.ts';
import { mayAdminister, session } from '../client/session.ts';
import { Cli } from '../components/cli.tsx';
import { Card } from '../components/parts.tsx';
import { Blank, ProblemNote, Show } from '../components/states.tsx';
import { useAction } from '../components/use-action.ts';
import { useStore } from '../state/store.ts';
import { toProblem, useLoad } from '../state/use-load.ts';
import { DetectorFrame } from './detector-frame.tsx';

type Differences = Reply<'POST /v1/detectors/{detector}/diff'>;

const PAUSE_MS = 400;

/** Definition of a detector: its file, checked while it is written, beside what would change. */
export function DefinitionPage({ name }: { readonly name: string }) {
  const { loaded, reload } = useLoad(name, (signal) =>
    call('GET /v1/detectors/{detector}/document', { params: { detector: name }, signal }),
  );
  return (
    <DetectorFrame name={name} current="definition">
      <Show loaded={loaded} reload={reload} height={480}>
        {({ text, version }) => <Editor key={version} name={name} text={text} version={version} onDone={reload} />}
      </Show>
      <Cli command={`flowline get detector ${name} > ${name}.yaml && flowline diff ${name}.yaml`} />
    </DetectorFrame>
  );
}

type Check =
  | { readonly state: 'same' }
  | { readonly state: 'checking' }
  | { readonly state: 'valid'; readonly differences: Differences }
  | { readonly state: 'invalid'; readonly problem: ApiProblem };

/** Check of a text, once typing pauses. */
function useCheck(name: string, text: string, inForce: string): Check {
  const [check, setCheck] = useState<Check>({ state: 'same' });
  useEffect(() => {
    if (text === inForce) {
      setCheck({ state: 'same' });
      return;
    }
    setCheck({ state: 'checking' });
    const ending = new AbortController();
    const timer = setTimeout(() => {
      const request = { params: { detector: name }, body: text, signal: ending.signal };
      call('POST /v1/detectors/{detector}/diff', request).then(
        (differences) => setCheck({ state: 'valid', differences }),
        (error: unknown) => {
          if (!ending.signal.aborted) setCheck({ state: 'invalid', problem: toProblem(error) });
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }, [name, text, inForce]);
  return check;
}

function Editor({
  name,
  text: inForce,
  version,
  onDone,
}: {
  readonly name: string;
  readonly text: string;
  readonly version: number;
  readonly onDone: () => void;
}) {
  const [text, setText] = useState(inForce);
  const check = useCheck(name, text, inForce);
  const may = mayAdminister(useStore(session));
  const { isBusy, problem, run } = useAction(onDone);
  const apply = (): void =>
    run(() =>
      call('PUT /v1/detectors/{detector}', {
        params: { detector: name },
        body: text,
        headers: { 'if-match': `"${version}"` },
      }),
    );
  return (
    <div class="grid-2">
      <Card title="Its file" note={`version ${version}`}>
        <textarea
          class="textarea"
          aria-label="Detector file in YAML"
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </Card>
      <Card title="What would change" note={may ? undefined : 'Applying needs a token with the scope admin.'}>
        <div style={{ display: 'grid', gap: '0.8rem' }} aria-live="polite">
          <Checked check={check} />
          {problem !== null && <ProblemNote problem={problem} />}
          <div class="actions">
            {may && (
              <button
                type="button"
                class="button button-primary"
                disabled={isBusy || check.state !== 'valid'}
                onClick={apply}
              >
                Apply as version {version + 1}
              </button>
            )}
            <button type="button" class="button" disabled={text === inForce} onClick={() => setText(inForce)}>
              Take it back
            </button>
          </div>
        </div>
      </Card>
    </div>
  );
}

function Checked({ check }: { readonly check: Check }) {
  if (check.state === 'same') {
    return (
      <Blank title="This is what is in force.">
        <span>Change it: it is checked as you type, and nothing changes before it is applied.</span>
      </Blank>
    );
  }
  if (check.state === 'checking') return <p class="muted">Checking …</p>;
  if (check.state === 'invalid') {
    return (
      <div class="note note-bad" style={{ whiteSpace: 'pre-wrap' }}>
        {check.problem.message}
        {check.problem.remedy !== null && <span class="muted small">{check.problem.remedy}</span>}
      </div>
    );
  }
  const { changes, nextModel } = check.differences;
  if (changes.length === 0) return <p>It is valid, and the same as what is in force.</p>;
  return (
    <>
      <p>
        <span class="chip chip-good">valid</span>
      </p>
      <dl class="life">
        {changes.map(({ path, from, to }) => (
          <>
            <dt class="mono">{path}</dt>
            <dd class="mono">
              <del class="muted">{shown(from)}</del> → {shown(to)}
            </dd>
          </>
        ))}
      </dl>
      {nextModel.length > 0 && (
        <p class="muted small">With the next model: {nextModel.join(', ')}. Until then, the champion goes on.</p>
      )}
    </>
  );
}

const shown = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));
