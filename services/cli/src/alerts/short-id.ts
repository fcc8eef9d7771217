/** Beginning of an alert's id, as lists show it: few alerts share it, and commands take it. */
export const shortId = (alertId: string): string => alertId.slice(0, 8);
