import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

import { AgeGauge } from './age-gauge.ts';

const LATENCY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const STAGE_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const SURPRISE_BITS = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 25, 30, 40];
/**
 * Bounds of the p-value buckets. P-values are uniform under a calibrated model, so each bound is
 * also the expected share below it.
 */
const P_VALUES = [0.0001, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1];

/** Makers of the metrics of one registry: one prefix, base units. */
function metricsOf(registry: Registry) {
  const registers = [registry];
  return {
    registers,
    counter: <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
      new Counter({ name: `flowline_${name}`, help, labelNames: [...labelNames], registers }),
    gauge: <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
      new Gauge({ name: `flowline_${name}`, help, labelNames: [...labelNames], registers }),
    histogram: <L extends string>(name: string, help: string, labelNames: readonly L[], buckets: number[]) =>
      new Histogram({ name: `flowline_${name}`, help, labelNames: [...labelNames], buckets, registers }),
  };
}

type Makers = ReturnType<typeof metricsOf>;

/**
 * Creates all metrics of Flowline in one registry: one prefix, base units, and no label whose
 * number of values grows with the data. Each process uses its own metrics; the others have no
 * samples.
 */
export function createMetrics(options: { readonly processMetrics?: boolean } = {}) {
  const registry = new Registry();
  if (options.processMetrics !== false) collectDefaultMetrics({ register: registry });
  const makers = metricsOf(registry);
  return {
    registry,
    /** Exposition text that Prometheus scrapes, and its content type. */
    expose: async (): Promise<{ readonly contentType: string; readonly body: string }> => ({
      contentType: registry.contentType,
      body: await registry.metrics(),
    }),
    ...eventMetrics(makers),
    ...scoringMetrics(makers),
    ...streamMetrics(makers),
    ...modelMetrics(makers),
    apiRequests: makers.histogram(
      'api_request_duration_seconds',
      'Time of a request to the API until its response.',
      ['method', 'route', 'status'],
      STAGE_SECONDS,
    ),
    apiStreams: makers.gauge('api_streams', 'Clients that follow anomalies and alerts as they come.', []),
  };
}

/** All metrics of Flowline. */
export type Metrics = ReturnType<typeof createMetrics>;

/** Counts of events, and shares of what they lack. */
function eventMetrics({ counter, gauge }: Makers) {
  return {
    eventsConsumed: counter('events_consumed_total', 'Records read from the source.', ['detector']),
    eventsScored: counter('events_scored_total', 'Events stored with a score.', ['detector']),
    eventsCollected: counter('events_collected_total', 'Events stored without a score, before the first model.', [
      'detector',
    ]),
    eventsAlreadyStored: counter('events_already_stored_total', 'Redelivered events that the fence dropped.', [
      'detector',
    ]),
    eventsDuplicate: counter(
      'events_duplicate_total',
      'Records stored as duplicates: an earlier event of their partition has their id (source.eventId).',
      ['detector'],
    ),
    eventIds: gauge('event_ids', 'Event ids that this process remembers, to tell duplicates.', ['detector']),
    eventIdsForgotten: counter(
      'event_ids_forgotten_early_total',
      'Batches with which a partition forgot ids before source.deduplicate.window was over, because of maxIds.',
      ['detector'],
    ),
    featureMissing: gauge(
      'feature_missing_ratio',
      'Share of about the last thousand events without a value of a nullable feature.',
      ['detector', 'feature'],
    ),
    eventsFarFromNow: counter(
      'events_far_from_now_total',
      'Events with a time more than a day ahead of now or a year behind it.',
      ['detector'],
    ),
    eventsDeadLettered: counter('events_dead_lettered_total', 'Records stored as dead letters.', [
      'detector',
      'reason',
    ]),
  };
}

/** Times and results of scoring, and alerts on their way. */
function scoringMetrics({ counter, gauge, histogram }: Makers) {
  return {
    scoreDuration: histogram(
      'score_duration_seconds',
      'Time of a batch in one stage of the pipeline.',
      ['detector', 'stage'],
      STAGE_SECONDS,
    ),
    endToEndLatency: histogram(
      'end_to_end_latency_seconds',
      'From the time of the oldest record of a batch to its commit.',
      ['detector'],
      LATENCY_SECONDS,
    ),
    surpriseBits: histogram('surprise_bits', '-log2 of the p-value of anomalies.', ['detector'], SURPRISE_BITS),
    pValue: histogram('p_value', 'p-values of a sample of events: uniform for normal events.', ['detector'], P_VALUES),
    anomalies: counter('anomalies_total', 'Anomalies stored.', ['detector', 'reason']),
    anomaliesSuppressed: counter(
      'anomalies_suppressed_total',
      'Anomalies that are part of no alert, by the rule, calendar/NAME or bound (direction, minEffect).',
      ['detector', 'rule'],
    ),
    absences: counter('absences_total', 'Silences of a stream, or of an entity, that were noticed.', ['detector']),
    entitiesUnwatched: counter(
      'entities_unwatched_total',
      'New entities whose absence is not watched, for 100,000 are; one counts again after a minute.',
      ['detector'],
    ),
    explanationsWaiting: gauge('explanations_waiting', 'Anomalies stored whose explanation is still to come.', [
      'detector',
    ]),
    anomaliesWaiting: gauge('anomalies_waiting', 'Anomalies of incidents stored and not written out yet.', [
      'detector',
    ]),
    alerts: counter('alerts_total', 'Alerts sent by the relay.', ['sink']),
    alertsRefused: counter('alerts_refused_total', 'Alerts set aside because their sink rejects them.', ['sink']),
    outboxPending: gauge('outbox_pending', 'Alerts that are stored but not yet sent.', []),
    outboxDead: gauge('outbox_dead', 'Alerts that were set aside: flowline alerts dead ls.', []),
  };
}

/** Lag, lost records, and windows over entities. */
function streamMetrics({ counter, gauge }: Makers) {
  return {
    consumerLag: gauge('consumer_lag_records', 'Records of a partition behind its end.', [
      'detector',
      'topic',
      'partition',
    ]),
    consumerLagTime: gauge(
      'consumer_lag_seconds',
      'Age of the last stored record of a partition while records are waiting, else 0.',
      ['detector', 'topic', 'partition'],
    ),
    consumerStalls: counter('consumer_stalls_total', 'Consumers reopened because they had stalled.', ['detector']),
    windowEntities: gauge('window_entities', 'Entities whose past is remembered by this process.', ['detector']),
    windowEvents: gauge('window_events', 'Past values that windows over entities hold in this process.', ['detector']),
    windowBytes: gauge('window_bytes', 'Memory of windows over entities in this process, as estimated.', ['detector']),
    windowsForgotten: counter(
      'window_entities_forgotten_total',
      'Entities whose past was forgotten because windows reached FLOWLINE_WINDOWS_MAX_BYTES.',
      [],
    ),
    windowsLimited: counter(
      'window_limited_total',
      'Times that windows over entities reached a limit, so that part of the past is forgotten.',
      ['detector', 'limit'],
    ),
    recordsLost: counter('records_lost_total', 'Records that the topic dropped before they were read.', [
      'detector',
      'topic',
    ]),
  };
}

/** Models and their training. */
function modelMetrics({ registers, counter, gauge, histogram }: Makers) {
  return {
    modelInfo: gauge('model_info', '1 for the model that scores.', ['detector', 'version', 'family']),
    modelAge: new AgeGauge('flowline_model_age_seconds', 'Time since the model that scores was trained.', registers),
    modelSwaps: counter('model_swaps_total', 'Models taken over, by outcome.', ['detector', 'outcome']),
    trainingDuration: histogram(
      'training_duration_seconds',
      'Duration of training runs, by outcome.',
      ['detector', 'outcome'],
      [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600],
    ),
    trainingLastSuccess: gauge(
      'training_last_success_timestamp_seconds',
      'Unix time of the last training run that produced a model.',
      ['detector'],
    ),
    modelHeld: gauge('model_held', '1 if the last trained model is held back and does not score, else 0.', [
      'detector',
    ]),
    heldOutAlarms: gauge(
      'heldout_alarms',
      'Alarms of the last trained model on held-out rows: expected by its alpha, and measured.',
      ['detector', 'kind'],
    ),
    heldOutNll: gauge('heldout_nll_nats', 'Held-out negative log-likelihood of the last trained model.', ['detector']),
    driftEvidence: gauge(
      'drift_evidence',
      'Evidence that the p-values of the last day checked have drifted, a decimal logarithm; drifted from 4.',
      ['detector'],
    ),
    driftedFeatures: gauge(
      'drifted_features',
      'Number of features that have moved, by themselves or given the others, on the last day checked; their names are in v1_drift_features.',
      ['detector'],
    ),
    backendInfo: gauge('backend_info', '1 for the compute backend in use, with the reason for it.', [
      'detector',
      'backend',
      'device',
      'why',
      'decided_by',
    ]),
    trainingBackendInfo: gauge(
      'training_backend_info',
      '1 for the code that trained the last model, with the reason for it.',
      ['detector', 'backend', 'device', 'why'],
    ),
    tensors: gauge('tensors', 'Tensors alive in this process.', []),
  };
}
