export * from './first-records.ts';
export * from './kafka-admin.ts';
export * from './kafka-client.ts';
export * from './kafka-sink.ts';
export * from './kafka-source.ts';
export * from './record-producer.ts';
export * from './stream-position.ts';
export type * from './kafka-source-options.ts';
