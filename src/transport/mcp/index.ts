/** The face for agents: tools over stateless streamable HTTP. */
export { createMcpFace, type McpFace } from './mcp-face.ts';
