import type { VNode } from 'preact';

import { Link } from '../components/link.tsx';
import { Blank } from '../components/states.tsx';
import { AlertPage } from '../pages/alert.tsx';
import { AlertsPage } from '../pages/alerts.tsx';
import { AnomalyPage } from '../pages/anomaly.tsx';
import { DefinitionPage } from '../pages/definition.tsx';
import { DetectorPage } from '../pages/detector.tsx';
import { EntitiesPage } from '../pages/entities.tsx';
import { ExplorerPage } from '../pages/explorer.tsx';
import { ModelsPage } from '../pages/models.tsx';
import { OverviewPage } from '../pages/overview.tsx';
import { PipelinePage } from '../pages/pipeline.tsx';
import { WhatIfPage } from '../pages/what-if.tsx';
import { matchPath } from '../state/match.ts';
import { usePlace } from '../state/router.ts';

type Params = Readonly<Record<string, string>>;

const pages: readonly (readonly [string, (params: Params) => VNode])[] = [
  ['/', () => <OverviewPage />],
  ['/alerts', () => <AlertsPage />],
  ['/alerts/:id', ({ id = '' }) => <AlertPage key={id} id={id} />],
  ['/anomalies/:id', ({ id = '' }) => <AnomalyPage key={id} id={id} />],
  ['/detectors/:name', ({ name = '' }) => <DetectorPage key={name} name={name} />],
  ['/detectors/:name/models', ({ name = '' }) => <ModelsPage key={name} name={name} />],
  ['/detectors/:name/explorer', ({ name = '' }) => <ExplorerPage key={name} name={name} />],
  ['/detectors/:name/entities', ({ name = '' }) => <EntitiesPage key={name} name={name} />],
  ['/detectors/:name/pipeline', ({ name = '' }) => <PipelinePage key={name} name={name} />],
  ['/detectors/:name/what-if', ({ name = '' }) => <WhatIfPage key={name} name={name} />],
  ['/detectors/:name/definition', ({ name = '' }) => <DefinitionPage key={name} name={name} />],
];

/** Page of the address. */
export function CurrentPage() {
  const { path } = usePlace();
  for (const [pattern, page] of pages) {
    const params = matchPath(pattern, path);
    if (params !== null) return page(params);
  }
  return (
    <Blank title="There is no such page.">
      <Link to="/" class="link">
        All detectors
      </Link>
    </Blank>
  );
}
