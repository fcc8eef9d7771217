import { useState } from 'preact/hooks';

import { call } from '../client/call.ts';
import { mayOperate, session } from '../client/session.ts';
import { Cli } from '../components/cli.tsx';
import { Card } from '../components/parts.tsx';
import { Blank, Show } from '../components/states.tsx';
import { Ago } from '../components/time.tsx';
import { TableBox } from '../components/table-box.tsx';
import { formatCount } from '../format/numbers.ts';
import { setQuery, usePlace } from '../state/router.ts';
import { useStore } from '../state/store.ts';
import { useLoad } from '../state/use-load.ts';
import { ChampionDialog, type ChampionChange } from './champion-dialog.tsx';
import { DetectorFrame } from './detector-frame.tsx';
import { ModelFit } from './model-fit.tsx';
import { ModelReport } from './model-report.tsx';
import { lineageOf, manifestOf, type Model } from './model.ts';
import { NatsPlot } from '../charts/nats-plot.tsx';
import { TrainingRuns } from './training-runs.tsx';

const MOST_SHOWN = 12;

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
              {chosen !== undefined && (
                <>
                  <ModelReport key={chosen.version} model={chosen} />
                  <ModelFit key={`fit ${chosen.version}`} detector={name} version={chosen.version} />
                </>
              )}
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
  const [change, setChange] = useState<ChampionChange | null>(null);
  const may = mayOperate(useStore(session));
  const champion = models.find(isChampion) ?? null;
  const previous = models.find(({ aliases }) => aliases.includes('previous'));
  const nats = models.map((model) => manifestOf(model).heldOut ?? { nllNats: null, standardError: null });
  return (
    <Card
      title="Models"
      flush
      note={
        may && previous !== undefined && champion !== null ? (
          <button
            type="button"
            class="button"
            onClick={() => setChange({ action: 'roll back', model: previous, champion })}
          >
            Roll back …
          </button>
        ) : undefined
      }
    >
      <TableBox>
        <table class="table table-stack">
          <thead>
            <tr>
              <th scope="col">Model</th>
              <th scope="col" title="Mean −log p of rows that it never saw, with two standard errors either side">
                Held-out nats
              </th>
              <th scope="col" class="number">
                Rows learnt from
              </th>
              <th scope="col">Comes from</th>
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
                  <td class="main-cell name-cell">
                    <span class="actions nowrap">
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
                  <td data-name="Held-out nats">
                    <span class="actions nowrap">
                      {heldOut?.nllNats == null ? '–' : heldOut.nllNats.toFixed(2)}
                      <NatsPlot all={nats} index={i} />
                    </span>
                  </td>
                  <td class="number" data-name="Rows learnt from">
                    {formatCount(history?.train?.rows ?? NaN)}
                  </td>
                  <td data-name="Comes from">
                    <div>
                      {lineageOf(model, models)}
                      <div class="muted small">
                        {family}
                        {members !== undefined && members > 1 ? ` × ${members}` : ''}
                      </div>
                    </div>
                  </td>
                  <td data-name="Trained">
                    <Ago at={createdAt} />
                  </td>
                  <td>
                    {may && !isChampion(model) && (
                      <button
                        type="button"
                        class="button"
                        onClick={() => setChange({ action: 'promote', model, champion })}
                      >
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
      {change !== null && <ChampionDialog change={change} onClose={() => setChange(null)} onDone={onDone} />}
    </Card>
  );
}
