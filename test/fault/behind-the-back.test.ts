import { claimOf, proveOpen, proveWrites } from '../support/run-proofs';
import { Scenario } from '../support/scenario';

jest.setTimeout(300_000);

test('a target restored to an earlier moment behind the run’s back: the run parks and says so, whatever the plan does on failure', async () => {
  await using run = await Scenario.open({ name: 'restored' });
  await run.startWorker();
  await run.start(['expand']);
  const { run: ref } = await run.gate('cutover');
  await asSuperuser(run, `DELETE FROM cutover.ledger WHERE seq > (SELECT max(seq) - 10 FROM cutover.ledger)`);
  run.approveFromNowOn(['cutover']);
  const { hold, direction } = await run.parked();
  expect(hold?.failure?.type).toBe('LedgerDiverged');
  expect(hold?.reason).toMatch(
    new RegExp(
      `^The ledger of run ${ref.id} on target "app" is not where the run left it: its row \\d+ is missing: was the database restored\\?`,
    ),
  );
  expect(direction).toBe('forward');
  await proveUntouched(run, ref.id);
});

test('a row of the ledger altered behind the run’s back: the run parks and says which', async () => {
  await using run = await Scenario.open({ name: 'altered' });
  await run.startWorker();
  await run.start([]);
  const { head, run: ref } = await run.gate('expand');
  await asSuperuser(run, `UPDATE cutover.ledger SET hash = 'sha256:' || repeat('0', 64) WHERE seq = ${head.seq}`);
  run.approveFromNowOn(['expand']);
  const { hold } = await run.parked();
  expect(hold?.failure?.type).toBe('LedgerDiverged');
  expect(hold?.reason).toContain(`its row ${head.seq} has another hash than this run wrote`);
  await proveUntouched(run, ref.id, false);
});

test('a target restored from a dump without the tool’s schema: the run parks and says so', async () => {
  await using run = await Scenario.open({ name: 'restored-bare' });
  await run.startWorker();
  await run.start([]);
  await run.gate('expand');
  await run.db.query('DROP SCHEMA cutover CASCADE');
  run.approveFromNowOn(['expand']);
  const { hold } = await run.parked();
  expect(hold?.reason).toMatch(/schema cutover is gone: was the database restored/);
  await proveOpen(run);
});

test('a workflow reset to an earlier event: the run parks and says which step its workflow does not know', async () => {
  await using run = await Scenario.open({ name: 'reset' });
  await run.startWorker();
  await run.start(['expand']);
  const { run: ref } = await run.gate('cutover');
  await run.reset('expand/key-products');
  const { hold, run: after } = await run.parked();
  expect(after.id).toBe(ref.id);
  expect(hold?.failure?.type).toBe('LedgerDiverged');
  expect(hold?.reason).toMatch(/it goes on with row \d+ of step \S+, which this run's workflow does not know/);
  await proveUntouched(run, ref.id);
});

/** Parked means: nothing was switched, the claim is kept, the application writes on. */
async function proveUntouched(run: Scenario, id: string, expanded = true): Promise<void> {
  await proveOpen(run);
  expect(await claimOf(run)).toEqual({ run: id });
  const { rowCount } = await run.db.query(`SELECT FROM app_settings WHERE key = 'tenancy' AND value = 'on'`);
  expect(rowCount).toBe(0);
  await proveWrites(run, expanded);
}

async function asSuperuser({ db }: Scenario, sql: string): Promise<void> {
  await db.query(
    `ALTER TABLE cutover.ledger DISABLE TRIGGER ledger_append_only; ${sql}; ALTER TABLE cutover.ledger ENABLE ALWAYS TRIGGER ledger_append_only`,
  );
}
