export type { PreparedTable } from './prepared-table.ts';
export { type EmbeddedServer, startEmbeddedPostgres } from './start-embedded-postgres.ts';
