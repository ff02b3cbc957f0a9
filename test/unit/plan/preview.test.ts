import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeStep as describeOn } from '../../../activities/describe/describe-step';
import { describe as describeStep } from '../../../activities/postgres/describe';
import type { CompiledPlan } from '../../../src/core/plan';
import type { Step } from '../../../src/core/step';
import { previewLines, renderPreview } from '../../../src/plan/preview';
import { compiled } from './compiled';

const RUNBOOK_003 = join(__dirname, '../../../examples/003-client-id/plan.yaml');
const SNAPSHOT = join(__dirname, '../../plans/003-client-id.preview.txt');
const RUNBOOK_000 = join(__dirname, '../../../examples/000-mk-proptech/plan.yaml');
const SNAPSHOT_000 = join(__dirname, '../../plans/000-mk-proptech.preview.txt');
const onMongo = (step: Step) => describeOn('mongodb', step);

describe('the preview', () => {
  it('of runbook 003 is the one that was read (UPDATE_EXPECT=1 writes it anew)', async () => {
    const { plan, digest } = await compiled(RUNBOOK_003);
    const text = renderPreview({ plan, digest, describe: describeStep });
    if (process.env.UPDATE_EXPECT === '1' || !existsSync(SNAPSHOT)) writeFileSync(SNAPSHOT, text);
    expect(text).toBe(readFileSync(SNAPSHOT, 'utf8'));
  });

  it('shows every step once, with its way back or the reason why there is none', async () => {
    const { plan, digest } = await compiled(RUNBOOK_003);
    const texts = previewLines({ plan, digest, describe: describeStep }).map((l) => l.text);
    for (const { id } of plan.steps) expect(texts.filter((t) => t === `  ${id}`)).toHaveLength(1);
    expect(texts.filter((t) => /^ {4}(undo|no way back)/.test(t))).toHaveLength(plan.steps.length);
  });

  it('says of every statement which lock it takes', async () => {
    const { plan } = await compiled(RUNBOOK_003);
    for (const step of plan.steps) {
      const { statements, undo } = describeStep(step);
      for (const { sql, lock } of [...statements, ...undo])
        expect([sql.trim() !== '', lock.trim() !== '']).toEqual([true, true]);
    }
  });

  it('names the traps of the runbook, and ends with the digest that is approved', async () => {
    const { plan, digest } = await compiled(RUNBOOK_003);
    const text = renderPreview({ plan, digest, describe: describeStep });
    for (let trap = 1; trap <= 11; trap++) expect(text).toContain(`T3.${trap} `);
    expect(text).toContain('0A000');
    expect(text.trimEnd().split('\n').at(-2)).toBe(`plan digest ${digest}`);
  });

  it('lets no control character of a plan reach the terminal', async () => {
    const { plan, digest } = await compiled(RUNBOOK_003);
    const hostile: CompiledPlan = {
      ...plan,
      name: 'a\u001b[2Jb',
      remarks: ['approve\rreject', 'x\u202eevorppa'],
      steps: plan.steps.map((s) => ({ ...s, title: `${s.title}\u0007\u009b1A` })),
    };
    const text = renderPreview({ plan: hostile, digest, describe: describeStep });

    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(text).toContain('a\\u001b[2Jb');
  });
});

describe('the preview of a plan on MongoDB', () => {
  it('of runbook 000 is the one that was read (UPDATE_EXPECT=1 writes it anew)', async () => {
    const { plan, digest } = await compiled(RUNBOOK_000);
    const text = renderPreview({ plan, digest, describe: onMongo });
    if (process.env.UPDATE_EXPECT === '1' || !existsSync(SNAPSHOT_000)) writeFileSync(SNAPSHOT_000, text);
    expect(text).toBe(readFileSync(SNAPSHOT_000, 'utf8'));
  });

  it('shows every step once, with its way back or the reason why there is none, and what every command holds up', async () => {
    const { plan, digest } = await compiled(RUNBOOK_000);
    const texts = previewLines({ plan, digest, describe: onMongo }).map((l) => l.text);
    for (const { id } of plan.steps) expect(texts.filter((t) => t === `  ${id}`)).toHaveLength(1);
    expect(texts.filter((t) => /^ {4}(undo|no way back)/.test(t))).toHaveLength(plan.steps.length);
    for (const step of plan.steps) {
      const { statements, undo } = onMongo(step);
      for (const { sql, lock } of [...statements, ...undo])
        expect([step.id, sql.trim() !== '', lock.trim() !== '']).toEqual([step.id, true, true]);
    }
  });

  it('names the traps of the runbook, what the fence stops and what it does not, and how to open it by hand', async () => {
    const { plan, digest } = await compiled(RUNBOOK_000);
    const text = renderPreview({ plan, digest, describe: onMongo });
    for (let trap = 1; trap <= 11; trap++) expect(text).toContain(`T0.${trap} `);
    for (const words of ['expires: watchdog', 'does not stop:', 'also stops:', 'cutover fence open'])
      expect(text).toContain(words);
    expect(text.trimEnd().split('\n').at(-2)).toBe(`plan digest ${digest}`);
  });
});
