import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { hasHidden, visible, type Problem } from './problem';

export type TextResult =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: Problem };

/**
 * The text of a regular file: never waits on a fifo, never drinks from a device, never reads more than `max` bytes.
 * UTF-8 only; a byte order mark is taken off; characters that a reader would not see are refused.
 */
export async function readText(
  path: string,
  options: { readonly as: string; readonly max: number },
): Promise<TextResult> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const bytes = await readRegular(file, options);
    return Buffer.isBuffer(bytes) ? decode(bytes, options.as) : { ok: false, problem: bytes };
  } catch (error) {
    return { ok: false, problem: cannotOpen(error, options.as) };
  } finally {
    await file?.close();
  }
}

async function readRegular(file: FileHandle, { as, max }: { as: string; max: number }): Promise<Buffer | Problem> {
  const info = await file.stat();
  const expected = `a regular file of UTF-8 text, at most ${sizeText(max)}`;
  if (!info.isFile()) {
    const kind = info.isDirectory() ? 'a directory' : info.isFIFO() ? 'a named pipe' : 'a device or socket';
    return { path: as, found: kind, expected, fix: 'name the file itself' };
  }
  const buffer = Buffer.alloc(Math.min(info.size, max) + 1);
  let length = 0;
  for (let got = -1; got !== 0 && length < buffer.length; length += got) {
    got = (await file.read(buffer, length, buffer.length - length, length)).bytesRead;
  }
  if (info.size > max || length > max) {
    const fix = 'take out what does not belong here; data belongs into the database, long scripts into several files';
    return { path: as, found: `a file of ${sizeText(Math.max(info.size, length))}`, expected, fix };
  }
  return buffer.subarray(0, length);
}

function decode(bytes: Buffer, as: string): TextResult {
  const problem = encodingProblem(bytes, as);
  if (problem) return { ok: false, problem };
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  const line = text.split('\n').findIndex(hasHidden);
  if (line < 0) return { ok: true, text };
  return {
    ok: false,
    problem: {
      path: as,
      line: line + 1,
      found: `a character that readers do not see: ${firstHidden(text.split('\n')[line] ?? '')}`,
      expected: 'text in which an approver sees every character',
      fix: `delete that character in line ${line + 1}`,
    },
  };
}

function encodingProblem(bytes: Buffer, as: string): Problem | undefined {
  const expected = 'UTF-8 text';
  const fix = 'save the file as UTF-8';
  const start = bytes.subarray(0, 2).toString('hex');
  if (start === 'fffe' || start === 'feff') return { path: as, found: 'UTF-16 text', expected, fix };
  const nul = bytes.indexOf(0);
  if (nul >= 0) {
    const even = bytes.length > 3 && (bytes[1] === 0 || bytes[0] === 0);
    if (even) return { path: as, found: 'UTF-16 text without a byte order mark', expected, fix };
    return { path: as, found: `a NUL byte at offset ${nul}`, expected, fix: 'delete it, or name a text file' };
  }
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return undefined;
  } catch {
    return { path: as, found: `bytes that are not UTF-8, in line ${badLine(bytes)}`, expected, fix };
  }
}

function badLine(bytes: Buffer): number {
  return bytes.toString('utf8').split('\ufffd')[0]?.split('\n').length ?? 1;
}

function firstHidden(line: string): string {
  const shown = visible(line.replace(/[\r\t]/g, ''));
  return /\\u[0-9a-f]{4}/.exec(shown)?.[0] ?? 'a control character';
}

function cannotOpen(error: unknown, as: string): Problem {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown error';
  const known = REASONS[code] ?? { found: `a file that cannot be read (${code})`, fix: 'name a file that can be read' };
  return { path: as, expected: 'a file that can be read', ...known };
}

const REASONS: Readonly<Record<string, { readonly found: string; readonly fix: string }>> = {
  ENOENT: { found: 'no such file', fix: 'correct the name, or create the file (a link may point at nothing)' },
  EACCES: { found: 'a file that this user may not read', fix: 'give the user who runs this the right to read it' },
  EISDIR: { found: 'a directory', fix: 'name the file itself' },
  ENOTDIR: { found: 'a path that goes through a file', fix: 'correct the path' },
  ELOOP: { found: 'links that go round in a circle', fix: 'name the file itself' },
  ENXIO: { found: 'a device or socket', fix: 'name a regular file' },
};

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${Math.ceil((bytes * 10) / 1024 / 1024) / 10} MB`;
}
