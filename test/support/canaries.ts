import { readFileSync, readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Texts that must come out nowhere, by what they are. */
export type Canaries = Readonly<Record<string, string>>;

/** Which canaries a text holds: as they are, and as they look inside an address, a JSON text or base64. */
export function canariesIn(text: string, canaries: Canaries): readonly string[] {
  return Object.entries(canaries)
    .filter(([, value]) => formsOf(value).some((form) => text.includes(form)))
    .map(([name]) => name);
}

function formsOf(value: string): readonly string[] {
  return [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), ...inBase64(value)];
}

/** Base64 of a longer text holds one of three forms of its part, by where that part begins. */
function inBase64(value: string): readonly string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.from(`${'x'.repeat(shift)}${value}`).toString('base64');
    return text.slice(shift === 0 ? 0 : shift + 1, Math.floor(((value.length + shift) * 8) / 6) - 1);
  });
}

/** Every command line that was ever seen while it ran: looked at all the time, since some last milliseconds. */
export class ArgvWatch {
  readonly seen = new Set<string>();
  private readonly timer = setInterval(() => this.look(), 5);

  private look(): void {
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        this.seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
      } catch {
        // It has ended since.
      }
    }
  }

  stop(): string {
    clearInterval(this.timer);
    return [...this.seen].join('\n');
  }
}

/** All files below a folder, by their paths in it. */
export async function filesBelow(folder: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found[path.slice(folder.length + 1)] = await readFile(path, 'latin1');
  }
  return found;
}
