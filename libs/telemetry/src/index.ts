export * from './health.ts';
export * from './logger.ts';
export * from './metrics.ts';
export * from './pause.ts';
export { scrubSecrets } from './scrub-secrets.ts';
export * from './shutdown.ts';
export * from './report-error.ts';
export * from './standard-streams.ts';
export * from './waiting.ts';
