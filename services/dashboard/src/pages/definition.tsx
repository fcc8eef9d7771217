import { useState } from 'preact/hooks';

import { call } from '../client/call.ts';
import { mayAdminister, session } from '../client/session.ts';
import { Cli } from '../components/cli.tsx';
import { Card } from '../components/parts.tsx';
import { ProblemNote, Show } from '../components/states.tsx';
import { useAction } from '../components/use-action.ts';
import { useCheck } from '../components/use-check.ts';
import { useStore } from '../state/store.ts';
import { useLoad } from '../state/use-load.ts';
import { CheckedDefinition } from './checked-definition.tsx';
import { DefinitionPreview } from './definition-preview.tsx';
import { DefinitionVersions } from './definition-versions.tsx';
import { DetectorFrame } from './detector-frame.tsx';

/** Definition of a detector: its file, checked while it is written, beside what would change. */
export function DefinitionPage({ name }: { readonly name: string }) {
  const { loaded, reload } = useLoad(name, (signal) =>
    call('GET /v1/detectors/{detector}/document', { params: { detector: name }, signal }),
  );
  return (
    <DetectorFrame name={name} current="definition">
      <Show loaded={loaded} reload={reload} height={480}>
        {({ text, version }) => (
          <>
            <Editor key={version} name={name} text={text} version={version} onDone={reload} />
            <DefinitionVersions name={name} current={version} />
          </>
        )}
      </Show>
      <Cli command={`flowline get detector ${name} > ${name}.yaml && flowline diff ${name}.yaml`} />
      <Cli command={`flowline apply ${name}.yaml`} />
    </DetectorFrame>
  );
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
  const params = { detector: name };
  const check = useCheck(text === inForce ? null : text, name, (body, signal) =>
    call('POST /v1/detectors/{detector}/diff', { params, body, signal }),
  );
  const isOther = !check.isChecking && (check.result?.changes.length ?? 0) > 0;
  const preview = useCheck(isOther ? text : null, name, (body, signal) =>
    call('POST /v1/detectors/{detector}/preview', { params, body, signal }),
  );
  const may = mayAdminister(useStore(session));
  const { isBusy, problem, run } = useAction(onDone);
  const apply = (): void =>
    run(() => call('PUT /v1/detectors/{detector}', { params, body: text, headers: { 'if-match': `"${version}"` } }));
  return (
    <div class="grid-2">
      <Card title="Its file" note={`version ${version}`}>
        <textarea
          class="textarea"
          aria-label="Detector file in YAML"
          aria-invalid={check.problem !== null}
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </Card>
      <div class="stack">
        <Card title="What would change" note={may ? undefined : 'Applying needs a token with the scope admin.'}>
          <div class="stack" aria-live="polite">
            <CheckedDefinition check={check} isSame={text === inForce} />
            {problem !== null && <ProblemNote problem={problem} />}
            <div class="actions">
              {may && (
                <button
                  type="button"
                  class="button button-primary"
                  disabled={isBusy || check.isChecking || check.result === null}
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
        {isOther && <DefinitionPreview check={preview} />}
      </div>
    </div>
  );
}
