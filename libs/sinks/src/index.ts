export { createSink, type OpenSink, type SinkParts } from './create-sink.ts';
export { type LinksOf, linksOfSettings, withLinks } from './with-links.ts';
