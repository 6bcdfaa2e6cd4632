/** REST, its documentation, metrics and the door that MCP shares. */
export type { Health, HttpServerParts } from './http-context.ts';
export { type Address, createHttpServer, type HttpServer } from './http-server.ts';
export { openPageFiles } from './page-files.ts';
export type { KeptSessions } from './sessions.ts';
export { createMetrics, type Metrics, type MetricSources } from './metrics.ts';
