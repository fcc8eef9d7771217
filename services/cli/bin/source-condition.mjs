// A module hook for checkouts: our packages resolve to their sources, as with
// `node --conditions=flowline:source`.

/** Resolves under one more condition. */
export const resolve = (specifier, context, next) =>
  next(specifier, { ...context, conditions: [...context.conditions, 'flowline:source'] });
