import type { Config } from '../../runtime/config';
import { loadPeople } from '../../runtime/people';
import { secretProblems } from '../../runtime/resources';
import { asked, ok, unless, type Finding } from './finding';

/** The worker's own files, if this is where it runs. With a worker at work elsewhere what is missing here stops nothing. */
export async function workerFileFindings(config: Config, elsewhere: boolean): Promise<readonly Finding[]> {
  const verdict = elsewhere ? 'warn' : 'bad';
  if (config.file === undefined) {
    const found = 'no cutover.config.yaml here: the worker’s side was not looked at; name it with --config <file>';
    return [{ name: 'config', verdict: 'warn', found }];
  }
  const targets = Object.keys(config.targets).sort();
  return [
    ok('config', config.file),
    ...unless(
      'targets',
      targets.length === 0 ? ['the config names none; add `targets`'] : [],
      targets.join(', '),
      verdict,
    ),
    await asked(
      'people',
      async () => {
        const { roles } = await loadPeople(config.people);
        return Object.entries(roles)
          .map(([name, has]) => `${name} (${has.join(', ')})`)
          .join('; ');
      },
      verdict,
    ),
    ...unless('secrets', secretProblems(config), 'every one can be read', verdict),
  ];
}
