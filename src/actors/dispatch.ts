/** A command on its way to its actor. */
export interface Dispatch {
  kind: string;
  actorId: string;
  name: string;
  v: number;
  /** Parsed, prepared and redacted: what is decided upon is what is recorded. */
  input: unknown;
  commandId: string;
  /**
   * The actor's id is derived from the command's: unless the command is a repetition, its stream does not exist yet and
   * need not be looked for. The append expects no stream, so a repetition is noticed there.
   */
  fresh?: boolean;
  principal: string;
  correlationId?: string;
  causationId?: string;
  /** Called when it is accepted and on its way to the disk; it may yet fail to get there. */
  decided?: () => void;
}

export interface Accepted {
  commandId: string;
  stream: string;
  actorId: string;
  /** The chart's state after the command. */
  state: string;
  revision: number;
  position: bigint;
  /** The facts that were appended; empty when everything was true already. */
  types: string[];
  /** The same command had been accepted before; this is its first answer. */
  repeated: boolean;
}
