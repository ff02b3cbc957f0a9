import { proveBack, schemaOf } from '../support/run-proofs';
import { Scenario } from '../support/scenario';

jest.setTimeout(300_000);

test('every step is cut off right before its last COMMIT: the retry never captures the changed value, and the way back leads to the original', async () => {
  await using run = await Scenario.open({ name: 'cut-off' });
  const before = await schemaOf(run);
  const flag = await flagOf(run);
  const cut = new Set<string>();
  run.proxy.setRule(({ sql }, talk) => {
    if (sql !== 'COMMIT' || talk.verb !== 'do' || !talk.rows.includes('end') || cut.has(talk.step)) return 'pass';
    cut.add(talk.step);
    return 'reset';
  });
  await run.startWorker();
  await run.start(['expand', 'cutover']);
  await run.gate('contract');
  expect([...cut]).toEqual(run.plan.steps.filter((s) => s.phase !== 'contract').map((s) => s.id));

  expect(await captured(run, 'before')).toEqual(expect.arrayContaining([{ existed: false }]));
  expect((await captured(run, 'before')).filter((value) => 'existed' in value && value.existed !== false)).toEqual([]);
  expect(await captured(run, 'flag')).toEqual([flag, flag]);
  await run.rollback();
  await run.ended('rolled-back');
  await proveBack(run, before);
});

async function captured({ db }: Scenario, name: string): Promise<readonly object[]> {
  const { rows } = await db.query<{ value: object }>('SELECT value FROM cutover.capture WHERE name = $1', [name]);
  return rows.map(({ value }) => value);
}

async function flagOf({ db }: Scenario): Promise<object> {
  const { rows } = await db.query<{ value: string }>(`SELECT value FROM app_settings WHERE key = 'tenancy'`);
  return { existed: rows.length === 1, value: rows[0]?.value ?? '' };
}
