import type { Reply } from '../client/call.ts';
import { ChangeList } from '../components/change-list.tsx';
import { Blank } from '../components/states.tsx';
import type { Check } from '../components/use-check.ts';

type Differences = Reply<'POST /v1/detectors/{detector}/diff'>;

/** Result of the check of a detector file: its differences, or what is wrong with it. */
export function CheckedDefinition({
  check: { isChecking, result, problem },
  isSame,
}: {
  readonly check: Check<Differences>;
  /** True for the text that is in force. */
  readonly isSame: boolean;
}) {
  if (isSame) {
    return (
      <Blank title="This is what is in force.">
        <span>Change it: it is checked as you type, and nothing changes before it is applied.</span>
      </Blank>
    );
  }
  if (problem !== null) {
    return (
      <div class="note note-bad" style={{ whiteSpace: 'pre-wrap' }}>
        {problem.message}
        {problem.remedy !== null && <span class="muted small">{problem.remedy}</span>}
      </div>
    );
  }
  if (result === null) return <p class="muted">{isChecking ? 'Checking …' : ''}</p>;
  if (result.changes.length === 0) return <p>It is valid, and the same as what is in force.</p>;
  return (
    <div class={isChecking ? 'stack is-old' : 'stack'}>
      <p>
        <span class="chip chip-good">valid</span>
      </p>
      <ChangeList changes={result.changes} />
      {result.nextModel.length > 0 && (
        <p class="note note-warning">
          <strong>Needs a training: {result.nextModel.join(', ')}.</strong>
          <span class="muted">With the next model these take effect. Until then, the champion goes on.</span>
        </p>
      )}
    </div>
  );
}
