export { createSink, type OpenSink, type SinkParts } from './create-sink.ts';
