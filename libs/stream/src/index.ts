export * from './alert-sink.ts';
export * from './deliver.ts';
export * from './event-source.ts';
export * from './memory-source.ts';
export * from './ndjson-source.ts';
export * from './retry-with-backoff.ts';
export * from './stdout-sink.ts';
