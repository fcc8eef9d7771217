export * from './scorer.ts';
