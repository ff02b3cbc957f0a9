import { PHASES } from '../core/phase';
import type { CheckInput, Finding } from './finding';
import { listsOf } from './entries';
import type { PathPart } from './problem';
import type { PlanFile } from './schema/plan';

/** Commands, requests and aggregations: a way back or the reason why there is none; nothing that writes where only reading is meant. */
export function checkSteps({ plan }: CheckInput): readonly Finding[] {
  return [
    ...PHASES.flatMap((phase) =>
      listsOf(plan, phase).flatMap(({ at, spec }) => [
        ...(spec.command && phase !== 'observe' && phase !== 'validate' && phase !== 'preflight'
          ? wayBack([...at, 'command'], spec.command)
          : []),
        ...(spec.http && spec.http.request.method !== 'GET' ? wayBack([...at, 'http'], spec.http) : []),
      ]),
    ),
    ...aggregates(plan),
  ];
}

interface MayGoBack {
  readonly undo?: unknown;
  readonly irreversible?: string | undefined;
}

function wayBack(at: readonly PathPart[], step: MayGoBack): readonly Finding[] {
  if ((step.undo === undefined) !== (step.irreversible === undefined)) return [];
  const both = step.undo !== undefined;
  return [
    {
      at,
      found: both ? 'both undo and irreversible' : 'no undo',
      expected: 'a way back, or the reason why there is none',
      fix: both ? 'take one of the two out' : 'undo: ..., or irreversible: <reason>, which approvers are shown',
    },
  ];
}

/** Stages that write, and operators that run code on the server. */
const REFUSED = ['$out', '$merge', '$where', '$function', '$accumulator'];

function aggregates({ phases }: PlanFile): readonly Finding[] {
  const all = [
    ...phases.validate.flatMap(({ aggregate }, i) =>
      aggregate ? [{ at: ['phases', 'validate', i, 'aggregate'], spec: aggregate }] : [],
    ),
    ...phases.observe.probes.flatMap(({ aggregate }, i) =>
      aggregate ? [{ at: ['phases', 'observe', 'probes', i, 'aggregate'], spec: aggregate }] : [],
    ),
  ];
  return all.flatMap(({ at, spec }): readonly Finding[] => {
    const bad = keysOf(spec.pipeline).find((key) => REFUSED.includes(key));
    const unclear = Object.values(spec.expect).filter((v) => v !== undefined).length !== 1;
    return [
      ...(bad === undefined
        ? []
        : [
            {
              at: [...at, 'pipeline'],
              found: bad,
              expected: 'stages that only read and run no code',
              fix: 'take it out',
            },
          ]),
      ...(unclear
        ? [
            {
              at: [...at, 'expect'],
              found: 'no or several expectations',
              expected: 'exactly one of rows, value, atLeast',
              fix: 'for example { rows: 0 }',
            },
          ]
        : []),
    ];
  });
}

function keysOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}
