export * from './alert.ts';
export * from './alert-id.ts';
export * from './dead-letter.ts';
export * from './decision.ts';
export * from './error-codes.ts';
export * from './feature-spec.ts';
export * from './flowline-error.ts';
export * from './scored-batch.ts';
