import { sha256 } from '../kernel/canonical.ts';
import { denied, type Failure, Fault } from '../kernel/errors.ts';
import { OPERATOR, type Principal } from './principal.ts';

/** What is known of tokens: hashes only. An agent's token lives exactly as long as its agent. */
export interface TokenIndex {
  operatorHash: string;
  /** The living agent whose token has that hash. */
  agentByTokenHash(hash: string): NonNullable<Principal['agent']> | null;
  /** Whether that is the token of an agent that is being started, and may be quicker than the word that it lives. */
  isStarting(hash: string): boolean;
}

export const OPERATOR_TOKEN_PREFIX = 'hph_o_';
export const AGENT_TOKEN_PREFIX = 'hph_a_';

/** The principal of an `Authorization` header. Hashes are compared, so that a comparison's time tells nothing of the token. */
export function authenticate(tokens: TokenIndex, authorization: string | undefined): Principal | Failure {
  if (!authorization)
    return denied('auth.missing', 'Send your token as `Authorization: Bearer …`; `heph token` prints it.');
  const token = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization)?.[1];
  if (!token) return unknown();
  const hash = sha256(token);
  if (token.startsWith(OPERATOR_TOKEN_PREFIX)) return hash === tokens.operatorHash ? OPERATOR : unknown();
  if (!token.startsWith(AGENT_TOKEN_PREFIX)) return unknown();
  const agent = tokens.agentByTokenHash(hash);
  if (agent) return { role: 'worker', id: `agent:${agent.agentId}`, agent };
  return tokens.isStarting(hash)
    ? new Fault('agent.starting', 'The start of this agent is being recorded.')
    : unknown();
}

function unknown(): Failure {
  return denied('auth.unknown_token', 'That token is not known here, or its agent has ended.');
}
