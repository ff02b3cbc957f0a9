import { restoreWords, type LostCollection, type RestoreAnswer } from '../core/restore';
import type { Output } from './output';
import { table } from './table';

/** What a restore would take back, for the people who are to approve it; or that it was done. */
export function renderLost(out: Output, answer: RestoreAnswer): readonly string[] {
  const { list, lost, file, restored, run, underWay } = answer;
  if (restored)
    return [
      `${out.paint('green', 'ok')}  ${restored.message}`,
      `What was taken back (${list.total} documents) lies on the worker in ${restored.archive}`,
    ];
  const plan = run.slice(0, Math.max(run.lastIndexOf('.'), 0)) || run;
  return [
    out.paint('bold', `A restore of run ${run} would bring ${list.home} back to ${list.takenAt}`),
    ...table([
      ['backup', list.backup],
      ['manifest', list.manifest],
      ['list', file],
    ]),
    '',
    ...lostLines(out, list.total, list.collections),
    ...(list.shape.length > 0
      ? ['', 'And these become again what they were:', ...table(list.shape.map((s) => [s]))]
      : []),
    ...(list.laterRuns.length > 0
      ? [
          '',
          out.paint(
            'yellow',
            `Also taken back, since it was done after the backup: the work of ${list.laterRuns.join(', ')}.`,
          ),
        ]
      : []),
    '',
    ...(underWay === undefined ? [] : [out.paint('yellow', underWay), '']),
    'Nothing was done. To restore, stop the application, then:',
    `  ${restoreWords({ name: plan, home: list.home })} --lost ${lost} --by <name> --by <name> --comment "<why>"`,
  ];
}

function lostLines(out: Output, total: number, collections: readonly LostCollection[]): readonly string[] {
  if (collections.length === 0) return ['Nothing would be lost: every document is as in the backup.'];
  const head = ['', 'inserted', 'changed', 'deleted', 'only stamped', ''];
  const rows = collections.map((c) => [
    c.collection,
    ...[c.inserted, c.changed, c.deleted, c.stamped].map(String),
    [noteOf(c), c.ids.length > 0 ? `first: ${c.ids.join(', ')}` : ''].filter(Boolean).join('; '),
  ]);
  return [
    out.paint('red', `Lost would be ${total} documents, inserts, changes and deletions since:`),
    ...table([head, ...rows]),
  ];
}

function noteOf({ is }: LostCollection): string {
  if (is === 'created') return 'not in the backup: dropped';
  return is === 'dropped' ? 'was dropped since: comes back' : '';
}
