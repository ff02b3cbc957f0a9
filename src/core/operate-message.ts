/** The words that turn a run. One argument, the same by Update and by Signal. */
export interface OperateMessage {
  readonly verb: OperateVerb;
  readonly as: string;
  readonly comment?: string;
  readonly planDigest?: string;
  /** For `tick` and `skip`: the step that is meant. */
  readonly step?: string;
  /** For `extend`: until when the open gate shall wait; ISO time. */
  readonly until?: string;
}

export const OPERATE_VERBS = ['pause', 'resume', 'retry', 'skip', 'tick', 'extend', 'rollback', 'abort'] as const;

export type OperateVerb = (typeof OPERATE_VERBS)[number];

/** What an Update of either kind answers. */
export interface Answer {
  readonly counted: boolean;
  readonly message: string;
}
