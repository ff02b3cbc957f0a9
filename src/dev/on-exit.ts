import { constants } from 'node:os';

/** Something opened that must not outlive this process. */
export interface Opened {
  /** Named in the line shown on Ctrl-C. */
  readonly name: string;
  /** The polite way, awaited, newest first. */
  readonly close: () => Promise<void>;
  /** The last resort, when the process is already exiting: synchronous and quick. */
  readonly abandon: () => void;
}

/** Registers something to be closed at the end; returns how to forget it once it was closed by its owner. */
export function onExit(opened: Opened): () => void {
  arm();
  stack.push(opened);
  return () => {
    const index = stack.indexOf(opened);
    if (index >= 0) stack.splice(index, 1);
  };
}

/** Closes everything still open, newest first. One that fails does not keep the others open; the first error is thrown at the end. */
export function closeAll(): Promise<void> {
  closing ??= closeEach().finally(() => (closing = undefined));
  return closing;
}

/** Ctrl-C and the end of the work may both ask for it: nothing is closed twice. */
let closing: Promise<void> | undefined;

async function closeEach(): Promise<void> {
  const errors: unknown[] = [];
  for (let last = stack.at(-1); last !== undefined; last = stack.at(-1)) {
    try {
      await last.close();
    } catch (error) {
      errors.push(error);
    }
    const index = stack.indexOf(last);
    if (index >= 0) stack.splice(index, 1);
  }
  if (errors.length > 0) throw errors[0];
}

const stack: Opened[] = [];
let armed = false;
let leavingSince: number | undefined;

function arm(): void {
  if (armed) return;
  armed = true;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void leave(signal));
  process.on('exit', abandonAll);
}

/** npm hands Ctrl-C on to its child, which then sees it twice at once: only a second one after a second means "now". */
async function leave(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): Promise<void> {
  const code = 128 + constants.signals[signal];
  if (leavingSince !== undefined) {
    if (Date.now() - leavingSince > 1000) process.exit(code);
    return;
  }
  leavingSince = Date.now();
  const names = stack.map((opened) => opened.name).reverse();
  if (names.length > 0) process.stderr.write(`\nStopping ${names.join(', ')} (once more to stop at once).\n`);
  try {
    await closeAll();
  } finally {
    process.exit(code);
  }
}

function abandonAll(): void {
  for (const opened of stack.splice(0).reverse()) {
    try {
      opened.abandon();
    } catch {
      // the process is exiting: the others matter more than this one's error
    }
  }
}
