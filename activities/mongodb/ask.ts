import { targetOf } from '../target-of';
import { CutoverError } from '../../src/core/failure';
import type { InspectInput, InspectPage } from '../../src/core/inspect';
import type { Facts, FactsInput } from '../../src/core/verb';
import type { RecordInput } from '../engine';
import { recordNotes, requireLedger } from '../lane/ledger';
import type { Resources } from '../resources';
import { collectFacts } from './facts';
import { appName } from './lane/claim';
import { claims, ledgerRows } from './lane/documents';
import { ledgerIn } from './lane/ledger';
import { withLink } from './link';
import { ALONE, inTransaction } from './transaction';

export function facts(resources: Resources, input: FactsInput): Promise<Facts> {
  const options = { appName: appName(input.run, 'facts'), readOnly: true };
  return withLink(targetOf(resources, input.run.home, 'mongodb'), options, async (link) => {
    await requireLedger(ledgerIn(link.lane), input.run);
    return collectFacts(resources, input, link);
  });
}

export function record(resources: Resources, { run, expect, notes }: RecordInput): Promise<void> {
  const target = targetOf(resources, run.home, 'mongodb');
  return withLink(target, { appName: appName(run, 'record') }, async ({ client, lane }) => {
    const session = client.startSession();
    await inTransaction({ ...ALONE, session }, async () => {
      // Nobody else may append meanwhile: whoever does writes the claim first, and one of the two has to go.
      await claims(lane).updateOne({ _id: run.home }, { $currentDate: { touchedAt: true } }, { session });
      await recordNotes(ledgerIn(lane, session), run, expect, notes);
    });
  });
}

export function readLedger(resources: Resources, input: InspectInput): Promise<InspectPage> {
  const target = targetOf(resources, input.home, 'mongodb');
  return withLink(target, { appName: 'cutover/inspect', readOnly: true }, async ({ lane }) => {
    const [found] = await ledgerRows(lane)
      .aggregate<{ readonly _id: string }>([
        { $match: { $or: [{ run: input.run }, { run: { $regex: `^${escaped(input.run)}\\.` } }] } },
        { $group: { _id: '$run', last: { $max: '$at' } } },
        { $sort: { last: -1 } },
        { $limit: 1 },
      ])
      .toArray();
    if (!found)
      throw new CutoverError('Refused', `Target "${input.home}" has no ledger of a run or plan "${input.run}".`);
    const rows = await ledgerIn(lane).rowsAfter(found._id, input.afterSeq, input.limit + 1);
    return { run: found._id, rows: rows.slice(0, input.limit), more: rows.length > input.limit };
  });
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
