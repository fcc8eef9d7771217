// Entry for browsers: scoring with a model that the API hands out, without anything of Node.
export { BrowserDetector, type EventValues, openBrowserBundle } from './browser/open-browser-bundle.ts';
export type { Scores } from './scores.ts';
export type { KnownFeature } from '@flowline/features';
