import { useState } from 'preact/hooks';

import type { ApiProblem } from '../client/call.ts';
import { mayOperate, session } from '../client/session.ts';
import { useStore } from '../state/store.ts';
import { toProblem } from '../state/use-load.ts';
import { Cli } from './cli.tsx';
import { Card } from './parts.tsx';
import { ProblemNote } from './states.tsx';
import { Time } from './time.tsx';

/** Answers that people give. */
const verdicts = ['confirmed', 'expected', 'false_alarm', 'new_normal'] as const;
export type Verdict = (typeof verdicts)[number];

interface Given {
  readonly feedbackId: number;
  readonly verdict: string;
  readonly note: string | null;
  readonly by: string;
  readonly at: string;
  readonly counts: boolean;
}

const meanings: Readonly<Record<Verdict, string>> = {
  confirmed: 'Confirmed: it was a fault. It is kept out of training.',
  expected: 'Expected: it was odd for a known reason. Three times, and a rule is proposed.',
  false_alarm: 'False alarm: nothing was wrong.',
  new_normal: 'New normal: from now on this is usual.',
};

/** Answers that people gave to an anomaly or an alert, and a way to give one. */
export function Feedback({
  id,
  given,
  give,
}: {
  readonly id: string;
  readonly given: readonly Given[];
  readonly give: (verdict: Verdict, note: string | null) => Promise<unknown>;
}) {
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const may = mayOperate(useStore(session));
  const latest = given.find(({ counts }) => counts)?.verdict;
  const answer = (verdict: Verdict): void => {
    setBusy(true);
    setProblem(null);
    give(verdict, note.trim() === '' ? null : note.trim())
      .then(
        () => setNote(''),
        (error: unknown) => setProblem(toProblem(error)),
      )
      .finally(() => setBusy(false));
  };
  return (
    <Card
      title="What was it?"
      note={may ? 'The latest answer counts.' : 'Answering needs a token with the scope operate.'}
    >
      <div style={{ display: 'grid', gap: '0.7rem' }}>
        <div class="actions" role="group" aria-label="Answers">
          {verdicts.map((verdict, i) => (
            <button
              key={verdict}
              type="button"
              class="button"
              title={meanings[verdict]}
              disabled={!may || isBusy}
              aria-pressed={latest === verdict}
              {...(i === 0 ? { 'data-feedback': '' } : {})}
              onClick={() => answer(verdict)}
            >
              {verdict.replaceAll('_', ' ')}
            </button>
          ))}
        </div>
        {may && (
          <input
            class="input"
            aria-label="Note"
            placeholder="A note for others, if there is more to say"
            maxLength={4_000}
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        )}
        {problem !== null && <ProblemNote problem={problem} />}
        {given.length > 0 && (
          <ul class="small">
            {given.map(({ feedbackId, verdict, note: said, by, at, counts }) => (
              <li key={feedbackId} class={counts ? '' : 'muted'}>
                <strong>{verdict.replaceAll('_', ' ')}</strong> by {by}, <Time at={at} />
                {said === null ? '' : `: ${said}`}
              </li>
            ))}
          </ul>
        )}
        <Cli command={`flowline feedback add ${id} confirmed`} />
      </div>
    </Card>
  );
}
