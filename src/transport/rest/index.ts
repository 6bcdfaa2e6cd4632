/** REST, its documentation, metrics and the door that MCP shares. */
export type { Health, HttpServerParts } from './http-context.ts';
export { type Address, createHttpServer, type HttpServer } from './http-server.ts';
export { createMetrics, type Metrics, type MetricSources } from './metrics.ts';
