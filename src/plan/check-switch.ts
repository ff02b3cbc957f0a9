import type { Finding } from './finding';
import type { PlanFile } from './schema/plan';

/** What is staged becomes live in the switch, and what becomes live was staged: the same on every engine. */
export function stagedAndLive({ phases }: PlanFile): readonly Finding[] {
  const staged = phases.configure.flatMap(({ config }) => (config ? [config.target] : []));
  const live = phases.cutover.switch.flatMap(({ config }) => (config === undefined ? [] : [config]));
  return [
    ...phases.cutover.switch.flatMap(({ config }, i) =>
      config === undefined || staged.includes(config)
        ? []
        : [
            {
              at: ['phases', 'cutover', 'switch', i, 'config'],
              found: `${config}, of which nothing is staged`,
              expected: `one of ${staged.join(', ') || 'the targets of phases.configure, of which there are none'}`,
              fix: `config: { target: ${config}, set: { ... } } in phases.configure`,
            },
          ],
    ),
    ...phases.configure.flatMap(({ config }, i) =>
      !config || live.includes(config.target)
        ? []
        : [
            {
              at: ['phases', 'configure', i, 'config', 'target'],
              found: `${config.target}, which no switch makes live`,
              expected: 'staged variables that become live in the switch',
              fix: `config: ${config.target} in phases.cutover.switch`,
            },
          ],
    ),
  ];
}

/** The freeze of mode `queue` commits one flag; around it each act is a step, named after what it does. */
export function aroundOneFlag({ phases }: PlanFile): readonly Finding[] {
  const { switch: entries } = phases.cutover;
  const flags = entries.filter(({ flag }) => flag).length;
  const names = entries.map(({ config, deploy }) =>
    deploy
      ? `build ${deploy.build} of ${deploy.service}`
      : config === undefined
        ? undefined
        : `what is live of ${config}`,
  );
  const again = names.flatMap((name, i): readonly Finding[] =>
    name === undefined || names.indexOf(name) === i
      ? []
      : [
          {
            at: ['phases', 'cutover', 'switch', i],
            found: `${name} a second time`,
            expected: 'every act of the switch once',
            fix: 'take one of the two out',
          },
        ],
  );
  if (flags === 1) return again;
  return [
    {
      at: ['phases', 'cutover', 'switch'],
      found: flags === 0 ? 'no flag' : `${flags} flags`,
      expected:
        'one flag: what becomes true in the transaction of the freeze; config and deploy stand before or after it',
      fix: flags === 0 ? 'flag: { table: ..., key: ..., to: ... }' : 'keep one of them',
    },
    ...again,
  ];
}
