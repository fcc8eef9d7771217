import { verdicts } from '@flowline/db';
import { z } from 'zod';

import { badRequest } from '../invalid-request.ts';
import { callRoute } from '../call-route.ts';
import { routeOf, tool } from './tool.ts';

const onAnomaly = routeOf('POST /v1/anomalies/{anomalyId}/feedback');
const onAlert = routeOf('POST /v1/alerts/{alertId}/feedback');

/** Tool that answers an anomaly or an alert, as the API does: in the name of the token. */
export const feedbackTool = tool({
  ...{ name: 'feedback', title: 'Answer an anomaly or an alert', holdsData: true, scope: 'operate', changes: true },
  idempotent: false,
  description:
    'Says what an anomaly (anomalyId) or an alert (alertId) was; the latest answer counts. confirmed: a real anomaly, from which no model learns. expected: unusual, and no reason to tell anybody. false_alarm: usual. new_normal: a change that stays. Answer what a person has decided.',
  input: z.strictObject({
    anomalyId: z.int().positive().describe('Id of an anomaly.').optional(),
    alertId: z.string().max(64).describe('Instead of an anomaly: id of an alert.').optional(),
    verdict: z.enum(verdicts),
    note: z.string().max(4_000).describe('Reason, for people.').optional(),
  }),
  run: ({ anomalyId, alertId, ...body }, caller, parts) => {
    if (anomalyId !== undefined && alertId === undefined) {
      return callRoute(onAnomaly, { params: { anomalyId: String(anomalyId) }, body }, caller, parts);
    }
    if (anomalyId === undefined && alertId !== undefined) {
      return callRoute(onAlert, { params: { alertId }, body }, caller, parts);
    }
    throw badRequest('the arguments', 'feedback takes anomalyId, or alertId.', 'Send one of the two.');
  },
});
