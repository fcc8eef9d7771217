export { openApi, problemStatuses } from './openapi.ts';
export type { Route } from './route.ts';
export { routes } from './routes.ts';
export { runApi } from './run-api.ts';
export { runMcp } from './run-mcp.ts';
export { type RunningApi, startApi } from './start-api.ts';
