export { newDetector } from './new-detector.ts';
export { readOrigin } from './read-origin.ts';
