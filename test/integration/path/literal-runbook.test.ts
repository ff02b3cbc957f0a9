import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { examplePath } from '../../../examples/003-client-id/paths';
import { projectRoot } from '../../../src/dev/project-root';
import type { Scenario } from '../../support/scenario';
import { sideBySide } from '../../support/side-by-side';
import { DATA_TRAPS } from '../../support/traps/data-traps';
import type { NaiveReader } from '../../support/traps/facts';
import { literalSide } from '../../support/traps/literal-side';
import { SCHEMA_TRAPS } from '../../support/traps/schema-traps';
import { toolSide } from '../../support/traps/tool-side';
import type { Sides, Trap } from '../../support/traps/trap';

jest.setTimeout(600_000);

const SIZE = { rows: 5_000, rate: 60 };

let sides: Sides;
const opened: { readonly run: Scenario; readonly naive: NaiveReader }[] = [];

beforeAll(async () => {
  const [script, ours] = await sideBySide([
    opening(literalSide({ name: 'path-literal', ...SIZE })),
    opening(toolSide({ name: 'path-ours', ...SIZE })),
  ]);
  sides = { script, ours, preview: await preview() };
});

afterAll(async () => {
  for (const { run, naive } of opened) {
    await naive[Symbol.asyncDispose]();
    await run[Symbol.asyncDispose]();
  }
});

/** T3.1 to T3.11, then what was seen here; the rollbacks last, which end both databases. */
const TRAPS = [...SCHEMA_TRAPS, ...DATA_TRAPS].sort((a, b) => place(a) - place(b));

describe.each(TRAPS)('$id: $is', (trap) => {
  const [bites, showBite] = trap.runbook;
  const [does, showOurs] = trap.cutover;
  test(`the runbook: ${bites}`, () => showBite(sides));
  test(`cutover: ${does}`, () => showOurs(sides));
  test('cutover preview shows it', () => expect(sides.preview).toMatch(trap.preview));
});

test('every trap of the notes has its row', () => {
  const ids = new Set(TRAPS.map((trap) => trap.id));
  const wanted = Array.from({ length: 11 }, (_, n) => `T3.${n + 1}`);
  expect(wanted.filter((id) => !ids.has(id))).toEqual([]);
});

async function opening<T extends (typeof opened)[number]>(side: Promise<T>): Promise<T> {
  const known = await side;
  opened.push(known);
  return known;
}

function place({ id }: Trap): number {
  return Number(/^T3\.(\d+)$/.exec(id)?.[1] ?? Infinity);
}

async function preview(): Promise<string> {
  const main = join(projectRoot(), 'lib', 'src', 'cli', 'main.js');
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'preview', examplePath('plan.yaml')], {
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}
