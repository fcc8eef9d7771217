import { z } from 'zod';

import { badRequest } from '../invalid-request.ts';
import { callRoute } from '../call-route.ts';
import { feedbackTool } from './feedback-tool.ts';
import { profileTool } from './profile-tool.ts';
import { queryOf, routeOf, routeTool, type Tool, tool } from './tool.ts';
import { validateTool } from './validate-tool.ts';

const detector = z.string().max(63).describe('Name of a detector.');
const time = z.string().max(64).describe('Time in ISO 8601, such as 2026-05-01T12:00:00Z.');
const page = {
  limit: z.int().min(1).max(100).default(20).describe('Maximum items.'),
  cursor: z.string().max(2_000).describe('The `next` of the previous page.').optional(),
};
const values = z.looseObject({});
const modelVersion = z.int().positive().describe('Version of a model (default: the champion).').optional();
const events = (most: number) =>
  z.array(values).min(1).max(most).describe('Events as in the topic; earlier ones of an entity are its past.');

const explainEvents = routeOf('POST /v1/detectors/{detector}/explain');
const explainAnomaly = routeOf('GET /v1/anomalies/{anomalyId}');

/** Every tool of the MCP server. */
export const tools: readonly Tool[] = [
  routeTool({
    ...{ name: 'list_detectors', title: 'List detectors', holdsData: false },
    description: 'Lists the detectors, by name, with their version and state.',
    route: 'GET /v1/detectors',
    input: z.strictObject(page),
    call: (input) => ({ query: queryOf(input) }),
  }),
  routeTool({
    ...{ name: 'status', title: 'State of a detector', holdsData: false },
    description:
      'Says which definition and model score a detector, its lag, its alarms expected and measured, and why the newest is not in use.',
    route: 'GET /v1/detectors/{detector}/status',
    input: z.strictObject({ detector }),
    call: (params) => ({ params }),
  }),
  routeTool({
    ...{ name: 'anomalies', title: 'List anomalies', holdsData: true },
    description: 'Lists anomalies with their explanations, the latest or the most surprising first.',
    route: 'GET /v1/anomalies',
    input: z.strictObject({
      detector: detector.optional(),
      entity: z.string().max(1_000).describe('Only this entity.').optional(),
      feature: z.string().max(1_000).describe('Only those to which this feature contributes most.').optional(),
      event: z.string().max(1_000).describe('Only the event with this id.').optional(),
      alert: z.string().max(64).describe('Only those of the alert with this id.').optional(),
      from: time.optional(),
      to: time.optional(),
      maxPValue: z.number().min(0).max(1).describe('Greatest p-value.').optional(),
      order: z.enum(['time', 'surprise']).default('time'),
      ...page,
    }),
    call: (input) => ({ query: queryOf(input) }),
  }),
  tool({
    ...{ name: 'explain', title: 'Explain an anomaly or events', holdsData: true, scope: 'read', changes: false },
    description:
      'Explains a stored anomaly (anomalyId), or scores and explains events (detector and events): what was expected of each feature given the others, what each contributes in bits, and the closest usual event. Nothing is stored.',
    input: z.strictObject({
      anomalyId: z.int().positive().describe('Id of a stored anomaly.').optional(),
      detector: detector.optional(),
      events: events(20).optional(),
    }),
    run: (input, caller, parts) => {
      const { anomalyId, detector: name, events: given } = input;
      if (anomalyId !== undefined && name === undefined && given === undefined) {
        return callRoute(explainAnomaly, { params: { anomalyId: String(anomalyId) } }, caller, parts);
      }
      if (anomalyId === undefined && name !== undefined && given !== undefined) {
        return callRoute(explainEvents, { params: { detector: name }, body: { events: given } }, caller, parts);
      }
      throw badRequest('the arguments', 'explain takes anomalyId, or detector and events.', 'Send one of the two.');
    },
  }),
  routeTool({
    ...{ name: 'alerts', title: 'List alerts', holdsData: true },
    description:
      'Lists alerts, which are runs of anomalies that belong together; the one with the latest anomaly first.',
    route: 'GET /v1/alerts',
    input: z.strictObject({
      detector: detector.optional(),
      state: z.enum(['open', 'resolved']).optional(),
      severity: z.enum(['info', 'warning', 'major', 'critical']).optional(),
      entity: z.string().max(1_000).describe('Only this entity.').optional(),
      acknowledged: z.boolean().describe('Only alerts that somebody has seen, or nobody has.').optional(),
      from: time.optional(),
      to: time.optional(),
      ...page,
    }),
    call: (input) => ({ query: queryOf(input) }),
  }),
  validateTool,
  profileTool,
  routeTool({
    ...{ name: 'score', title: 'Score events', holdsData: true },
    description: 'Scores events with the champion of a detector: log-likelihood, p-value, surprise. Nothing is stored.',
    route: 'POST /v1/detectors/{detector}/score',
    input: z.strictObject({ detector, events: events(1_000) }),
    call: ({ detector: name, events: given }) => ({ params: { detector: name }, body: { events: given } }),
  }),
  routeTool({
    ...{ name: 'what_if', title: 'Score an event with other values', holdsData: true },
    description:
      'Scores an event as it is and with other values of some features (changes), with the differences. The event is as in the topic (record), or the values of its features as `observed` of an anomaly has them (values). Nothing is stored.',
    route: 'POST /v1/detectors/{detector}/what-if',
    input: z.strictObject({
      detector,
      record: values.describe('Event as in the topic.').optional(),
      values: values.describe('Instead of an event: values by feature.').optional(),
      changes: z
        .array(values)
        .min(1)
        .max(100)
        .describe('Features with other values, one object per event to score, such as {"latency_ms": 120}.'),
      contributions: z.boolean().default(false).describe('True for the bits of each feature; then at most 20 changes.'),
      modelVersion,
    }),
    call: ({ detector: name, ...body }) => ({ params: { detector: name }, body }),
  }),
  routeTool({
    ...{ name: 'sample', title: 'Draw usual events', holdsData: true },
    description: 'Draws events from a model by a seed, with their scores: examples of what it takes for usual.',
    route: 'POST /v1/detectors/{detector}/sample',
    input: z.strictObject({
      detector,
      count: z.int().min(1).max(100).default(10).describe('Events drawn.'),
      seed: z.int().min(0).default(1).describe('The same seed and model give the same events.'),
      context: values.default({}).describe('Values of context features; others are drawn.'),
      modelVersion,
    }),
    call: ({ detector: name, ...body }) => ({ params: { detector: name }, body }),
  }),
  feedbackTool,
  routeTool({
    ...{ name: 'ack', title: 'Acknowledge an alert', holdsData: true },
    description: 'Notes that an alert has been seen. The first name stays.',
    route: 'POST /v1/alerts/{alertId}/ack',
    input: z.strictObject({ alertId: z.string().max(64).describe('Id of the alert.') }),
    call: (params) => ({ params }),
  }),
];
