/** REST, its documentation, metrics and the door that MCP shares. */
export { type Address, createHttpServer, type HttpServer, type HttpServerParts } from './http-server.ts';
export { createMetrics, type Metrics, type MetricSources } from './metrics.ts';
export type { Health } from './status-routes.ts';
