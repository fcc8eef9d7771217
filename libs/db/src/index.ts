export { databaseTimeMs, type LookReport, type ReadPartition, watchAbsences } from './absence-watch.ts';
export {
  acknowledgeAlert,
  acknowledgeAlerts,
  alertMissing,
  type AlertsOfSource,
  resolveAlert,
  resolveAlerts,
  snoozeAlert,
  snoozeAlerts,
} from './alert-actions.ts';
export { type AlertFingerprint, alertObservation } from './alert-observations.ts';
export {
  type AlertFilter,
  type AlertSelection,
  alertSources,
  getAlert,
  listAlerts,
  type ListedAlertRow,
  readAlerts,
} from './alerts.ts';
export * from './anomalies.ts';
export { closeSession, createTicket, findSession, type NewSession, openSession, type Session } from './api-sessions.ts';
export * from './api-tokens.ts';
export { EXPLANATION_WAIT_MS } from './awaited-explanation.ts';
export { type AuditEntry, listAudit, recordAudit } from './audit-log.ts';
export * from './deferred-explanations.ts';
export {
  type BacklogPiece,
  type BacklogPieceFilter,
  type ChangedPieces,
  listBacklogPieces,
  redriveBacklogPieces,
  setBacklogPiecesAside,
} from './backlog-pieces.ts';
export { type BacklogOptions, countBacklogAnomalies, writeOutBacklog, type WrittenPiece } from './anomaly-backlog.ts';
export type { AlertingOptions } from './store-anomalies.ts';
export { Arrivals, MAX_WATCHED } from './arrivals.ts';
export { type CommitOptions, commitBatch, commitCollected } from './commit-batch.ts';
export * from './create-table-from-csv.ts';
export { connect, type ConnectOptions, type Database, interruptible } from './database.ts';
export * from './dead-alerts.ts';
export * from './dead-letters.ts';
export {
  claimForSink,
  type Delivery,
  type DeliveryReport,
  noteWhyWaiting,
  openAlertMessages,
  settleClaim,
  type SinkQueue,
  type WaitingSink,
  waitingSinks,
} from './deliveries.ts';
export * from './detector-states.ts';
export {
  type Applied,
  applyDetector,
  detectorPage,
  getDetector,
  getDetectorVersion,
  listDetectorVersions,
  listDetectors,
  type StoredDetector,
  type StoredDetectorVersion,
} from './detectors.ts';
export { type EncodingFault, encodingFault } from './encoding.ts';
export {
  type DayRows,
  type DriftDay,
  type DriftFeature,
  readDriftDay,
  readDriftRows,
  requestForNewRows,
  requestRecalibration,
  type ScoredDay,
  storeDriftDay,
  type StoredDriftDay,
  uncheckedDays,
} from './drift.ts';
export { type ModelEventRow, readModelEvents } from './model-events.ts';
export { type CheckedDay, type DriftDayFilter, listDriftDays } from './drift-days.ts';
export { discoveriesBehind, readDiscoveries, type StoredDiscoveries } from './discoveries.ts';
export { idsBehind, type IdsOf, readEventIds, readRepeatStatus, type RepeatStatus } from './event-ids.ts';
export * from './event-history.ts';
export { type EntityAnomalies, type EntityQuery, readEntities } from './entity-anomalies.ts';
export { claimEntities, type EntityScope, type StrayEntity } from './entity-claims.ts';
export { type ExcludedEvents, excludedEvents } from './excluded-events.ts';
export { type FeatureSampleRow, readFeatureSample } from './feature-samples.ts';
export * from './feedback.ts';
export { type Fence, firstRowBeyond, refusal } from './fence.ts';
export * from './file-streams.ts';
export { findAlert } from './find-alert.ts';
export { type HistoryDay, type HistorySummary, summariseHistory } from './history.ts';
export type { NumberCells, ValueCells } from './binary-rows.ts';
export type { WantedColumn } from './history-cells.ts';
export type { HistoryColumn, HistoryRange, HistorySource } from './history-query.ts';
export type { HistoryRead } from './history-rows.ts';
export type { GapCount, GapRequest } from './history-gaps.ts';
export { type HistoryBatch, HistorySession } from './history-session.ts';
export { claimRequest, type RequestKey, settleRequest, type StoredResponse } from './idempotency-keys.ts';
export * from './identity.ts';
export * from './in-force.ts';
export { type Incident, type IncidentFilter, listIncidents } from './incidents.ts';
export { type AnswerLink, answerByLink, findLinkAnswer, type LinkAnswer } from './link-feedback.ts';
export * from './lookup.ts';
export * from './migrate.ts';
export * from './model-aliases.ts';
export {
  eventsPerDayOf,
  listModelCandidates,
  listModels,
  loadChampion,
  loadModelVersion,
  type ModelCandidate,
  modelPage,
  type ModelSummary,
  type NewModel,
  type StoredModel,
  storeModelVersion,
} from './models.ts';
export { type ChangedAlert, lastAnomalyId, listChangedAlerts, listNewAnomalies } from './news.ts';
export * from './offsets.ts';
export * from './outbox.ts';
export { type QuietStream, resolveQuietAlerts } from './quiet-alerts.ts';
export * from './outbox-message.ts';
export { pageEnd } from './page-end.ts';
export { applyRetention, ensurePartitions, type Removed, type Retention } from './partitions.ts';
export { readPipeline, type StoredPipeline } from './pipeline.ts';
export * from './redrive.ts';
export * from './resources.ts';
export {
  countPartitions,
  type DetectorLoad,
  readAlarmDays,
  readLoad,
  readScoreCounts,
  readTimeline,
  type ScoreCounts,
  summaryRange,
  type Timeline,
  type TimeRange,
} from './score-summaries.ts';
export { listScores, type ScoreCursor, type ScoreFilter, type StoredScore } from './scores.ts';
export { schemaDump } from './schema-dump.ts';
export { type AlertAddress } from './store-messages.ts';
export * from './streams.ts';
export { sampleRecords, type SampledRecords, type SampledRows } from './sample-records.ts';
export { type ColumnProfile, profileTable, type TableProfile } from './table-profile.ts';
export * from './training-lease.ts';
export * from './trainers.ts';
export * from './training-checkpoints.ts';
export * from './training-requests.ts';
export * from './training-runs.ts';
export * from './wait-for-database.ts';
export type { WatchedStream } from './watched-stream.ts';
export {
  championIntervals,
  type ChampionIntervals,
  type LearnedIntervals,
  learnedIntervalsOf,
  type UnlearnedIntervals,
} from './learned-intervals.ts';
export { type KeptAbsences, withdrawAbsences } from './withdraw-absences.ts';
export { type LimitedPartition, listWindowLimits, readWindows, resetWindows } from './windows.ts';
export * from './waiting-alerts.ts';
