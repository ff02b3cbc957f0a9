import type { Readable } from 'node:stream';
import { clip } from '../../src/core/evidence';
import { plainText } from '../plain-text';

/**
 * What a program writes, in bounded memory however much that is: its beginning, its end, and whether a text was in it
 * anywhere. It is always read, so that a program that writes gigabytes is not held up by a full pipe.
 */
export class Output {
  private head: Buffer[] = [];
  private headBytes = 0;
  private tail: Buffer[] = [];
  private tailBytes = 0;
  private carry = Buffer.alloc(0);
  private readonly needle: Buffer | undefined;
  bytes = 0;
  contained = false;

  constructor(stream: Readable, contains?: string) {
    this.needle = contains === undefined ? undefined : Buffer.from(contains);
    stream.on('data', (chunk: Buffer) => this.take(chunk));
    stream.on('error', () => undefined); // its end is told by the program's own
  }

  /** Up to 256 KiB from its beginning, as written: may hold secrets, so it is parsed and never shown. */
  text(): string {
    return Buffer.concat(this.head).toString('utf8');
  }

  get truncated(): boolean {
    return this.bytes > this.headBytes;
  }

  /** Its last lines, without secrets and control characters. */
  lastLines(clean: (text: string) => string): string {
    const raw = Buffer.concat(this.tail).toString('utf8');
    const lines = clean(plainText(this.bytes > this.tailBytes ? withoutCut(raw) : raw))
      .split('\n')
      .map((line) => clip(line.trimEnd(), 400))
      .filter((line) => line !== '');
    return lines.slice(-SHOWN_LINES).join('\n').slice(-SHOWN_CHARS);
  }

  private take(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.search(chunk);
    if (this.headBytes < MAX_HEAD) {
      // A copy: a slice would keep the whole chunk.
      const part = Buffer.from(chunk.subarray(0, MAX_HEAD - this.headBytes));
      this.head.push(part);
      this.headBytes += part.length;
    }
    this.tail.push(chunk);
    this.tailBytes += chunk.length;
    if (this.tailBytes > 2 * MAX_TAIL || this.tail.length > 64) {
      const joined = Buffer.concat(this.tail);
      const kept = Buffer.from(joined.subarray(Math.max(0, joined.length - MAX_TAIL)));
      this.tail = [kept];
      this.tailBytes = kept.length;
    }
  }

  /** Across the borders of chunks. */
  private search(chunk: Buffer): void {
    if (this.needle === undefined || this.contained) return;
    const joined = Buffer.concat([this.carry, chunk]);
    this.contained = joined.includes(this.needle);
    this.carry = Buffer.from(joined.subarray(Math.max(0, joined.length - this.needle.length + 1)));
  }
}

/** What was cut off in the middle of a line may be half a secret, which nobody would recognise. */
function withoutCut(raw: string): string {
  const lines = raw.slice(raw.indexOf('\n') + 1);
  return raw.includes('\n') && lines.trim() !== '' ? lines : raw.slice(SHOWN_CHARS);
}

const MAX_HEAD = 256 * 1024;
const MAX_TAIL = 64 * 1024;
const SHOWN_LINES = 12;
const SHOWN_CHARS = 2_000;
