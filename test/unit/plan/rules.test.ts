import { join } from 'node:path';
import { describe as describeStep } from '../../../activities/postgres/describe';
import { canonical } from '../../../src/core/json';
import { renderPreview } from '../../../src/plan/preview';
import { compiled } from './compiled';

const RULES = join(__dirname, '../../plans/valid/postgres-rules.yaml');
const SMALLEST = join(__dirname, '../../plans/valid/smallest.yaml');

describe('rules per table, on PostgreSQL', () => {
  it('put a table behind the one from which it takes its tenants, whatever the order of the plan', async () => {
    const { plan } = await compiled(RULES);
    const of = (prefix: string): readonly string[] =>
      plan.steps.flatMap((s) => (s.id.startsWith(prefix) ? [s.id.slice(prefix.length)] : []));
    expect(of('expand/key-')).toEqual(['letters', 'answers', 'notes', 'users']);
    expect(of('backfill/stamp-')).toEqual(['letters', 'answers', 'notes', 'users']);
  });

  it('demand the key of such a table only after the approval of the cutover, right before the freeze', async () => {
    const ids = (await compiled(RULES)).plan.steps.map((s) => s.id);
    expect(ids.filter((id) => id.includes('/required-') || id === 'cutover/freeze')).toEqual([
      'backfill/required-users',
      'cutover/required-letters',
      'cutover/required-answers',
      'cutover/required-notes',
      'cutover/freeze',
    ]);
  });

  it('leave no trace in a plan without them', async () => {
    const { plan } = await compiled(SMALLEST);
    const keys = plan.steps.filter((s) => ['key', 'required', 'retire'].includes(s.kind));
    expect(canonical(keys)).not.toContain('rule');
    expect(plan.remarks.join('\n')).not.toMatch(/RULE|REFUSED/);
  });

  it('are said in the preview: whose the rows are, what is refused and from when, and the statements that look it up', async () => {
    const { plan, digest } = await compiled(RULES);
    const text = renderPreview({ plan, digest, describe: describeStep });
    for (const said of [
      'RULE Rows of letters have the tenant that is found by owner_id, looked up in owners; while any is not found, no row is stamped.',
      'RULE Rows of notes have the tenant that is found by answer_id, followed to answers',
      'REFUSED From the approved cutover on, letters, answers, notes take no row whose client_id the rule cannot tell',
      'Here the tables without a rule (1 of 4) get a constant default',
      'Add client_id to letters, empty, and stamp every new row by owner_id, looked up in owners.',
      'Stamp the rows of answers by letter_id, followed to letters, once it is known whose each is, and prove it.',
      'FROM "public"."owners" m WHERE m."id" OPERATOR(pg_catalog.=) NEW."owner_id"',
      'ALTER TABLE "public"."letters" ALTER COLUMN "client_id" DROP NOT NULL',
    ])
      expect(text).toContain(said);
    expect(text).not.toMatch(/undefined|\[object/);
  });
});
