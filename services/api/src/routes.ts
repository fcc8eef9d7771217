import type { Route } from './route.ts';
import { accessRoutes } from './routes/access.ts';
import { adHocRoutes } from './routes/ad-hoc.ts';
import { alertRoutes } from './routes/alerts.ts';
import { anomalyBacklogRoutes } from './routes/anomaly-backlog.ts';
import { anomalyRoutes } from './routes/anomalies.ts';
import { browserModelRoutes } from './routes/browser-models.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { definitionRoutes } from './routes/definitions.ts';
import { detectorRoutes } from './routes/detectors.ts';
import { driftRoutes } from './routes/drift.ts';
import { entityRoutes } from './routes/entities.ts';
import { featureTimelineRoutes } from './routes/feature-timelines.ts';
import { feedbackRoutes } from './routes/feedback.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { modelFitRoutes } from './routes/model-fit.ts';
import { modelRoutes } from './routes/models.ts';
import { overviewRoutes } from './routes/overview.ts';
import { pipelineRoutes } from './routes/pipeline.ts';
import { resourceTestRoutes } from './routes/resource-tests.ts';
import { resourceRoutes } from './routes/resources.ts';
import { scoreRoutes } from './routes/scores.ts';
import { scoringRoutes } from './routes/scoring.ts';
import { serviceRoutes } from './routes/service.ts';
import { streamRoutes } from './routes/stream.ts';
import { timelineRoutes } from './routes/timeline.ts';
import { trainingRunRoutes } from './routes/training-runs.ts';

/**
 * Every route of the API. Registration, OpenAPI, docs/reference/api.md and the test of who may call
 * what are derived from it; a new resource is a file in routes/ and a line here.
 */
export const routes: readonly Route[] = [
  ...detectorRoutes,
  ...definitionRoutes,
  ...overviewRoutes,
  ...pipelineRoutes,
  ...driftRoutes,
  ...scoringRoutes,
  ...adHocRoutes,
  ...modelRoutes,
  ...browserModelRoutes,
  ...modelFitRoutes,
  ...trainingRunRoutes,
  ...anomalyRoutes,
  ...anomalyBacklogRoutes,
  ...entityRoutes,
  ...alertRoutes,
  ...incidentRoutes,
  ...feedbackRoutes,
  ...scoreRoutes,
  ...timelineRoutes,
  ...featureTimelineRoutes,
  ...deadLetterRoutes,
  ...resourceRoutes,
  ...resourceTestRoutes,
  ...streamRoutes,
  ...accessRoutes,
  ...serviceRoutes(() => routes),
];
