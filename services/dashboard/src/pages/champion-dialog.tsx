import { call } from '../client/call.ts';
import { Cli } from '../components/cli.tsx';
import { ProblemNote } from '../components/states.tsx';
import { useAction } from '../components/use-action.ts';
import { formatP, formatValue } from '../format/numbers.ts';
import { formatDay } from '../format/times.ts';
import { Dialog } from '../shell/dialog.tsx';
import { manifestOf, type Model } from './model.ts';

/** Change of the champion that a person thinks about. */
export interface ChampionChange {
  readonly action: 'promote' | 'roll back';
  /** Model that would be the champion. */
  readonly model: Model;
  /** Champion now; null if there is none. */
  readonly champion: Model | null;
}

/** Consequences of another champion, shown before it is put in force. */
export function ChampionDialog({
  change,
  onClose,
  onDone,
}: {
  readonly change: ChampionChange;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const { action, model } = change;
  const { detector, version } = model;
  const { isBusy, problem, run } = useAction(() => {
    onDone();
    onClose();
  });
  const isBack = action === 'roll back';
  const verb = isBack ? 'Roll back' : 'Promote';
  const act = (): Promise<unknown> =>
    isBack
      ? call('POST /v1/detectors/{detector}/rollback', { params: { detector } })
      : call('POST /v1/detectors/{detector}/models/{version}/promote', { params: { detector, version } });
  return (
    <Dialog title={isBack ? `Roll back to model ${version}` : `Promote model ${version}`} onClose={onClose}>
      <h2>
        Put model {version} in force for {detector}?
      </h2>
      <ul class="prose" style={{ display: 'grid', gap: '0.3rem' }}>
        {consequencesOf(change).map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
      {problem !== null && <ProblemNote problem={problem} />}
      <div class="actions">
        <button type="button" class="button button-primary" disabled={isBusy} onClick={() => run(act)}>
          {verb}
        </button>
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
      </div>
      <Cli
        command={isBack ? `flowline models rollback ${detector}` : `flowline models promote ${detector} ${version}`}
      />
    </Dialog>
  );
}

const learntUntil = (model: Model): number | null => manifestOf(model).history?.train?.toMs ?? null;

/** Consequences in sentences. */
function consequencesOf({ action, model, champion }: ChampionChange): readonly string[] {
  const all = ['Running scorers take it over between two batches, within seconds. Nothing is scored again.'];
  if (champion === null) return all;
  const back = action === 'roll back' ? 'a second roll back undoes this' : 'a roll back brings it back';
  all.push(`Model ${champion.version} becomes the previous one; ${back}.`);
  const [own, other] = [model, champion].map((each) => manifestOf(each).heldOut?.nllNats ?? null);
  if (own != null && other != null) {
    const verdict = own > other ? 'By that, it is worse.' : 'By that, it is not worse.';
    all.push(
      `Held out, each on its own rows: ${formatValue(own)} nats, the champion ${formatValue(other)}. ${verdict}`,
    );
  }
  const [until, now] = [learntUntil(model), learntUntil(champion)];
  if (until !== null && now !== null && until !== now) {
    all.push(`It has learnt until ${formatDay(new Date(until))}, the champion until ${formatDay(new Date(now))}.`);
  }
  if (champion.alpha !== model.alpha) {
    all.push(
      `Its alpha was ${formatP(model.alpha)} when it was trained, that of the champion ${formatP(champion.alpha)}.`,
    );
  }
  if (champion.detectorVersion !== model.detectorVersion) {
    all.push(
      `It was trained for definition ${model.detectorVersion}, the champion for definition ${champion.detectorVersion}.`,
    );
  }
  return all;
}
