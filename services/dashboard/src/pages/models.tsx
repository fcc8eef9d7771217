import { useState } from 'preact/hooks';

import { call } from '../client/call.ts';
import { mayOperate, session } from '../client/session.ts';
import { Cli } from '../components/cli.tsx';
import { Card } from '../components/parts.tsx';
import { Blank, ProblemNote, Show } from '../components/states.tsx';
import { Ago } from '../components/time.tsx';
import { useAction } from '../components/use-action.ts';
import { TableBox } from '../components/table-box.tsx';
import { formatCount, formatValue } from '../format/numbers.ts';
import { setQuery, usePlace } from '../state/router.ts';
import { useStore } from '../state/store.ts';
import { useLoad } from '../state/use-load.ts';
import { Dialog } from '../shell/dialog.tsx';
import { DetectorFrame } from './detector-frame.tsx';
import { ModelReport } from './model-report.tsx';
import type { Model } from './model.ts';
import { NatsPlot } from '../charts/nats-plot.tsx';
import { TrainingRuns } from './training-runs.tsx';

const MOST_SHOWN = 12;

/** Parts of a report that the table of models shows. */
interface Manifest {
  readonly family?: string;
  readonly members?: number;
  readonly heldOut?: { readonly nllNats: number | null; readonly standardError: number | null };
  readonly history?: Readonly<Record<string, { readonly rows: number } | undefined>>;
}
const manifestOf = ({ manifest }: Model): Manifest => manifest;

/** Models of a detector: how each did on held-out rows, and which is in force. */
export function ModelsPage({ name }: { readonly name: string }) {
  const { loaded, reload } = useLoad(name, async (signal) => {
    const params = { detector: name };
    const { items } = await call('GET /v1/detectors/{detector}/models', {
      params,
      query: { limit: MOST_SHOWN },
      signal,
    });
    return Promise.all(
      items.map(({ version }) =>
        call('GET /v1/detectors/{detector}/models/{version}', { params: { ...params, version }, signal }),
      ),
    );
  });
  const asked = Number(usePlace().query.get('model'));
  return (
    <DetectorFrame name={name} current="models">
      <Show loaded={loaded} reload={reload} height={320}>
        {(models) => {
          if (models.length === 0) {
            return (
              <Card title="Models">
                <Blank title="There is no model yet.">
                  <span>The trainer makes the first one on its schedule, or at once:</span>
                  <Cli command={`flowline train ${name}`} />
                </Blank>
              </Card>
            );
          }
          const chosen = models.find(({ version }) => version === asked) ?? models.find(isChampion) ?? models.at(0);
          return (
            <>
              <ModelTable models={models} chosen={chosen?.version ?? null} onDone={reload} />
              {chosen !== undefined && <ModelReport key={chosen.version} model={chosen} />}
            </>
          );
        }}
      </Show>
      <TrainingRuns name={name} />
      <Cli command={`flowline models ls ${name}`} />
    </DetectorFrame>
  );
}

const isChampion = ({ aliases }: Model): boolean => aliases.includes('champion');

function ModelTable({
  models,
  chosen,
  onDone,
}: {
  readonly models: readonly Model[];
  readonly chosen: number | null;
  readonly onDone: () => void;
}) {
  const [promoting, setPromoting] = useState<Model | null>(null);
  const may = mayOperate(useStore(session));
  const nats = models.map((model) => manifestOf(model).heldOut ?? { nllNats: null, standardError: null });
  return (
    <Card title="Models" flush note="held-out negative log-likelihood in nats; less is better">
      <TableBox>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Model</th>
              <th scope="col" class="number">
                Held-out nats
              </th>
              <th scope="col">With two standard errors</th>
              <th scope="col" class="number">
                Rows learnt from
              </th>
              <th scope="col">Family</th>
              <th scope="col">Trained</th>
              <th scope="col">{may ? 'Action' : ''}</th>
            </tr>
          </thead>
          <tbody>
            {models.map((model, i) => {
              const { version, aliases, createdAt } = model;
              const { heldOut, history, family, members } = manifestOf(model);
              return (
                <tr key={version}>
                  <td>
                    <span class="actions">
                      <button
                        type="button"
                        class="button button-plain"
                        data-row
                        aria-pressed={version === chosen}
                        onClick={() => setQuery({ model: String(version) })}
                      >
                        {version}
                      </button>
                      {aliases.map((alias) => (
                        <span key={alias} class={`chip ${alias === 'champion' ? 'chip-good' : ''}`}>
                          {alias}
                        </span>
                      ))}
                    </span>
                  </td>
                  <td class="number">{heldOut?.nllNats == null ? '–' : formatValue(heldOut.nllNats)}</td>
                  <td>
                    <NatsPlot all={nats} index={i} />
                  </td>
                  <td class="number">{formatCount(history?.train?.rows ?? NaN)}</td>
                  <td>
                    {family ?? '–'}
                    {members !== undefined && members > 1 ? ` × ${members}` : ''}
                  </td>
                  <td>
                    <Ago at={createdAt} />
                  </td>
                  <td>
                    {may && !isChampion(model) && (
                      <button type="button" class="button" onClick={() => setPromoting(model)}>
                        Promote …
                      </button>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </TableBox>
      {promoting !== null && (
        <PromoteDialog
          model={promoting}
          champion={models.find(isChampion) ?? null}
          onClose={() => setPromoting(null)}
          onDone={onDone}
        />
      )}
    </Card>
  );
}

function PromoteDialog({
  model,
  champion,
  onClose,
  onDone,
}: {
  readonly model: Model;
  readonly champion: Model | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const { detector, version } = model;
  const { isBusy, problem, run } = useAction(() => {
    onDone();
    onClose();
  });
  const [own, other] = [model, champion].map((one) =>
    one === null ? null : (manifestOf(one).heldOut?.nllNats ?? null),
  );
  return (
    <Dialog title={`Promote model ${version}`} onClose={onClose}>
      <h2>
        Put model {version} in force for {detector}?
      </h2>
      <ul class="prose" style={{ display: 'grid', gap: '0.3rem' }}>
        <li>Running scorers take it over between two batches, within seconds. Nothing is scored again.</li>
        {champion !== null && <li>Model {champion.version} becomes the previous one; a roll back brings it back.</li>}
        {own != null && other != null && (
          <li>
            Held out, each on its own rows: {formatValue(own)} nats, the champion {formatValue(other)}.{' '}
            {own > other ? 'By that, it is worse.' : 'By that, it is not worse.'}
          </li>
        )}
        {champion !== null && champion.detectorVersion !== model.detectorVersion && (
          <li>
            It was trained for definition {model.detectorVersion}, the champion for definition{' '}
            {champion.detectorVersion}.
          </li>
        )}
      </ul>
      {problem !== null && <ProblemNote problem={problem} />}
      <div class="actions">
        <button
          type="button"
          class="button button-primary"
          disabled={isBusy}
          onClick={() =>
            run(() => call('POST /v1/detectors/{detector}/models/{version}/promote', { params: { detector, version } }))
          }
        >
          Promote
        </button>
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
      </div>
      <Cli command={`flowline models promote ${detector} ${version}`} />
    </Dialog>
  );
}
