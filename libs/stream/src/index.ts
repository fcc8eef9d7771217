export * from './alert-sink.ts';
export * from './event-source.ts';
