export * from './alert-life.ts';
export * from './alert-policy.ts';
export * from './fingerprint.ts';
export * from './observe.ts';
export * from './observe-batch.ts';
export * from './severity.ts';
export * from './storm.ts';
