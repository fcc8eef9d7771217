import { readDefinition, type Settings } from '@flowline/config';
import { type Database, readPipeline, type StoredDetector, type StoredPipeline } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { createKafkaClient, KafkaAdmin } from '@flowline/kafka';
import { silentLogger } from '@flowline/telemetry';

import { alertAddressesOf } from './alert-rules.ts';
import { type PartitionLag, partitionLags } from './topic-lag.ts';

type StoredPartition = StoredPipeline['partitions'][number];

/** Partition of a stream: its stored position and, as far as a broker tells, its end. */
export interface PartitionState extends Pick<StoredPartition, 'topic' | 'partition'> {
  /** Next offset to read; null if nothing of it is stored. */
  readonly nextOffset: number | null;
  readonly recordTime: Date | null;
  readonly storedAt: Date | null;
  /** Offset after its last record; null if it is unknown. */
  readonly end: number | null;
  readonly records: number | null;
  readonly seconds: number | null;
}

/** Way of events through a detector: partitions, stages by day, and sinks. */
export interface PipelineState extends Omit<StoredPipeline, 'partitions'> {
  readonly partitions: readonly PartitionState[];
  /** Reason why the ends of partitions are unknown; null if they are known. */
  readonly endsUnknown: string | null;
}

/** Days of the stages, including today. */
const DAYS = 7;

/** Reads the way of events through a detector from Postgres and, if they are named, brokers. */
export async function pipelineState(
  db: Database,
  { name, version, definition: stored }: StoredDetector,
  kafka: Settings['kafka'],
): Promise<PipelineState> {
  const definition = readDefinition(stored, `${name}, version ${version}`);
  const topic = definition.source.kafka?.topic ?? null;
  const sinks = topic === null ? [] : alertAddressesOf(definition, topic).map(({ sink }) => sink);
  const found = await readPipeline(db, { detector: name, sinks, days: DAYS });
  const positions = found.partitions.filter((each) => each.topic === topic);
  const { lags, endsUnknown } = await lagsOrReason(topic, positions, kafka);
  return { ...found, partitions: joined(found.partitions, topic, lags), endsUnknown };
}

async function lagsOrReason(
  topic: string | null,
  positions: readonly StoredPartition[],
  { brokers, ...access }: Settings['kafka'],
): Promise<{ readonly lags: readonly PartitionLag[]; readonly endsUnknown: string | null }> {
  if (topic === null) return { lags: [], endsUnknown: 'the detector reads no topic' };
  if (brokers === null) return { lags: [], endsUnknown: 'this service knows no broker (FLOWLINE_KAFKA_BROKERS)' };
  try {
    const admin = await KafkaAdmin.connect(createKafkaClient({ brokers, ...access, log: silentLogger }));
    try {
      return { lags: await partitionLags(admin, topic, positions), endsUnknown: null };
    } finally {
      await admin.close();
    }
  } catch (error) {
    if (!(error instanceof FlowlineError)) throw error;
    return { lags: [], endsUnknown: error.message };
  }
}

/** Joins stored partitions with the lags of those of a topic, of which some may not be stored. */
function joined(
  stored: readonly StoredPartition[],
  topic: string | null,
  lags: readonly PartitionLag[],
): readonly PartitionState[] {
  const unknown = { end: null, records: null, seconds: null };
  const known = stored.map((position): PartitionState => {
    const lag = position.topic === topic ? lags.find(({ partition }) => partition === position.partition) : undefined;
    return { ...position, ...(lag ?? unknown) };
  });
  const missing = lags.filter(
    ({ partition }) => !stored.some((position) => position.topic === topic && position.partition === partition),
  );
  const nothing = { nextOffset: null, recordTime: null, storedAt: null };
  return [...known, ...missing.map((lag): PartitionState => ({ topic: topic ?? '', ...nothing, ...lag }))];
}
