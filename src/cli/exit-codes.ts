/** What scripts may rely on; `cutover --help` prints the same table. */
export const EXIT = {
  ok: 0,
  /** Refused by the run or its rules, or failed. */
  refused: 1,
  /** Bad arguments, plan or config: nothing was sent. */
  usage: 2,
  /** No Temporal server, or not this namespace. */
  unreachable: 3,
  /** The server answers, but no worker does. */
  noWorker: 4,
  /** `status --exit-code`: somebody is awaited (gate, parked, paused). `fence status`: a fence is closed. */
  awaiting: 5,
  /** Ctrl-C at a question. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_HELP = `Exit codes:
  0    done
  1    refused or failed; the message says why
  2    bad arguments, plan or config; nothing was sent
  3    no Temporal server answers at the address
  4    no worker polls the task queue
  5    somebody is awaited (\`status --exit-code\`), or a fence is closed (\`fence status\`)
  130  Ctrl-C`;
