export { type DryRun, dryRun } from './dry-run.ts';
export { knownNames } from './known-names.ts';
export { removeUnusedResource } from './remove-unused-resource.ts';
export { shownSpec, shownUrl } from './shown-sink.ts';
export { type SinkTest, testSink } from './test-sink.ts';
