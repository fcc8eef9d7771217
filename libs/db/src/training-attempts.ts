/** Maximum attempts for a tick or a request whose trainer keeps dying. */
export const MAX_ATTEMPTS = 3;
