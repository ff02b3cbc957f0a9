import { FENCE_WORDS } from '../core/fence-words';
import type { FenceSpec } from '../core/freeze-args';
import { formatDuration } from './durations';
import { listsOf } from './entries';
import type { Frame } from './frame';
import { PHASES } from '../core/phase';

/** The traps of runbook 000 (T0.x) as they apply to this plan and how each is met, then what approvers are asked to accept. */
export function mongoRemarks(frame: Frame): readonly string[] {
  const traps = [...dataTraps(frame), ...cutoverTraps(frame), ...commandTraps(frame)];
  return [...traps.sort((a, b) => numberOf(a) - numberOf(b)), ...accepted(frame)];
}

/** In the order of the runbook: whoever looks for T0.6 looks behind T0.5. */
function numberOf(trap: string): number {
  return Number(/^T0\.(\d+) /.exec(trap)?.[1]);
}

function dataTraps({ plan, tables, key }: Frame): readonly string[] {
  const uniques = tables.flatMap((t) => t.uniques.map((u) => `${t.table}.${u.name}`));
  const model = plan.tenancy.model
    ? 'Here the plan lists them, the list is part of its digest, and preflight asks the application for its own and refuses a difference.'
    : 'Here the plan lists them, and the list is part of its digest; no program of the application is asked for its own.';
  return [
    `T0.1 Which collections are the tenants' stands in the application's code, and code changes. ${model}`,
    `T0.2 {${key.column}: {$exists: false}} passes over null, "" and values of another type. Here all of these count as missing; their old values are kept for the way back.`,
    'T0.3 Collections are made by the first write: some are not there yet. Here an absent one is named, made empty with its validator and indexes, and dropped again by the way back while it is empty.',
    `T0.4 Without an index every count of missing keys reads everything. Here each of the ${tables.length} collections gets one that begins with ${key.column}, after the backfill and before the fence.`,
    `T0.7 Unique indexes must gain the tenant key, or one tenant's values exclude another's. Here: ${uniques.join(', ') || 'the plan names none, and preflight names every unique index without the key'}.`,
    'T0.9 A find and then an insert by two at once makes two tenants. Here the unique index stands first and the insert is an upsert.',
  ];
}

function cutoverTraps({ plan }: Frame): readonly string[] {
  const { freeze } = plan;
  return [
    'T0.5 A restored snapshot takes every later write with it. Here the way back archives them and leaves the data where it is; the snapshot is the last resort, and the list of what it would lose is shown first.',
    `T0.8 "Read-only if possible" proves nothing. ${proofOf(freeze.mechanism)}, or the freeze puts everything back.`,
  ];
}

/** Only what is asked: a mechanism that lets deletes go on proves nothing of them. */
function proofOf(mechanism: FenceSpec['mechanism'] = 'role'): string {
  const { refuses, name } = FENCE_WORDS[mechanism];
  if (refuses.length === 0)
    return "Here the plan's own command makes the application read-only, and the change stream must be silent";
  const kinds = refuses.map((kind) => `${kind === 'delete' ? 'a' : 'an'} ${kind}`);
  return `Here ${kinds.slice(0, -1).join(', ')} and ${kinds.at(-1) ?? ''} of the application's own user must be refused (fence ${name}) on a connection that was open before`;
}

function commandTraps({ plan }: Frame): readonly string[] {
  const commands = PHASES.flatMap((phase) => listsOf(plan, phase).flatMap(({ spec }) => spec.command ?? []));
  if (commands.length === 0 && !plan.tenancy.model) return [];
  return [
    "T0.6 A package is found from its parent folder only. Here a command runs in the folder that the plan names, inside that of the worker's config.",
    'T0.10 Importing the application may start it. Here its programs run on their own, with a time limit, and everything they started is ended with them.',
    "T0.11 `source .env` leaves secrets in the shell's history and in the process list. Here the file is read, not sourced; its values go to the program's environment only and never into output, argv or ledger.",
  ];
}

function accepted({ plan }: Frame): readonly string[] {
  const back = PHASES.flatMap((phase) =>
    listsOf(plan, phase).flatMap(({ spec }) => {
      const step = spec.command ?? spec.http;
      return step?.irreversible === undefined
        ? []
        : [`NO WAY BACK ${phase}/${step.name} cannot be undone. The plan says: ${step.irreversible}`];
    }),
  );
  const { freeze, phases } = plan;
  const refused = `REFUSED Writes are refused from the fence to the opening, for at most ${formatDuration(freeze.budget)}${freeze.announced === undefined ? '' : ` of the ${formatDuration(freeze.announced)} that were announced`}; reads go on, except while a build restarts.`;
  const record =
    phases.observe.breach.then === 'notify'
      ? [
          `RECORDED ONLY A breach within the ${formatDuration(phases.observe.for)} of observe stops nothing: it is written down.`,
        ]
      : [];
  return [...back, refused, ...record];
}
