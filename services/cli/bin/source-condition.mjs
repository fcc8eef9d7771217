// A module hook for checkouts: our packages resolve to their sources, as they do with
// `node --conditions=flowline:source`.

/** Resolves a specifier with the condition `flowline:source` added. */
export const resolve = (specifier, context, next) =>
  next(specifier, { ...context, conditions: [...context.conditions, 'flowline:source'] });
