import type { VNode } from 'preact';

import { Link } from '../components/link.tsx';
import { Blank } from '../components/states.tsx';
import { AlertPage } from '../pages/alert.tsx';
import { AlertsPage } from '../pages/alerts.tsx';
import { AnomalyPage } from '../pages/anomaly.tsx';
import { DefinitionPage } from '../pages/definition.tsx';
import { DetectorPage } from '../pages/detector.tsx';
import { EntitiesPage } from '../pages/entities.tsx';
import { IncidentsPage } from '../pages/incidents.tsx';
import { ExplorerPage } from '../pages/explorer.tsx';
import { ModelsPage } from '../pages/models.tsx';
import { OverviewPage } from '../pages/overview.tsx';
import { PipelinePage } from '../pages/pipeline.tsx';
import { ResourcePage } from '../pages/resource-editor.tsx';
import { RulesPage } from '../pages/rules.tsx';
import { WhatIfPage } from '../pages/what-if.tsx';
import { matchPath } from '../state/match.ts';
import { usePlace } from '../state/router.ts';

type Params = Readonly<Record<string, string>>;

type Page = readonly [string, (params: Params) => VNode];

const pages: readonly Page[] = [
  ['/', () => <OverviewPage />],
  ['/alerts', () => <AlertsPage />],
  ['/alerts/:id', ({ id = '' }) => <AlertPage key={id} id={id} />],
  ['/incidents', () => <IncidentsPage />],
  ...(['rules', 'calendars'] as const).flatMap((folder): readonly Page[] => [
    [`/${folder}`, () => <RulesPage key={folder} folder={folder} />],
    [`/${folder}/new`, () => <ResourcePage key={folder} folder={folder} name={null} />],
    [`/${folder}/:name`, ({ name = '' }) => <ResourcePage key={`${folder} ${name}`} folder={folder} name={name} />],
  ]),
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
