/**
 * A language model that is asked one thing and answers with text. What it says is material: whoever asks reads it with a
 * schema, bounds it, and goes on without it when it is no use or does not come.
 */
export interface Model {
  /**
   * Throws a Fault that says what went wrong: `model.refused` where asking again cannot help, `model.unavailable` where it
   * did not answer within the time, `model.bad_answer` where what came is no answer.
   */
  ask(request: ModelRequest): Promise<ModelAnswer>;
  /** Whether it could be asked, as far as is known without asking. */
  state(provider: ModelProvider): ModelState;
}

/** Where a model is, as the settings say. */
export interface ModelProvider {
  /** Empty: none is configured. */
  name: string;
  baseUrl: string;
  /** The variable of the server's environment that holds the key; empty: none is needed. */
  keyVariable: string;
  /** For all tries together. */
  wallMs: number;
}

export interface ModelRequest {
  provider: ModelProvider;
  /** Ours. */
  instructions: string;
  /** What the question is about; may be from anybody. */
  material: string;
  /** The JSON schema of the answer, for providers that hold a model to one. */
  answer: { name: string; schema: Readonly<Record<string, unknown>> };
  /** The same seed, the same answer, as far as the provider can. */
  seed: number;
}

/** What a provider does not tell is null. */
export interface ModelAnswer {
  text: string;
  /** As the provider names it. */
  model: string;
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: number | null;
}

export interface ModelState {
  status: 'ok' | 'unknown' | 'degraded';
  detail: string;
}
