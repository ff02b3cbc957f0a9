import type { FenceWords } from '../../../src/core/fence-words';
import type { Json } from '../../../src/core/json';

/**
 * What refuses the application's writes. Every call looks before it acts: closing what is closed and opening what is
 * open are harmless, because a watchdog, a worker and a person may all do it.
 */
export interface Fence extends FenceWords {
  /**
   * What opening needs. Reads only.
   *
   * @throws Refused or Misconfigured when this fence cannot be closed here, before anything has changed.
   */
  capture(): Promise<Json>;
  close(captured: Json): Promise<void>;
  open(captured: Json): Promise<void>;
  /** Whether anything of it still stands. */
  isClosed(captured: Json): Promise<boolean>;
}
