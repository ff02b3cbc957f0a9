import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_KEYS } from '../../../src/runtime/config-schema';
import { projectRoot } from '../../../src/dev/project-root';

it.each(CONFIG_KEYS)('docs/worker-config.md tells of %s', (key) => {
  const text = readFileSync(join(projectRoot(), 'docs/worker-config.md'), 'utf8');
  const spans = [...text.matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? '');
  expect(spans.some((span) => span.split(/[^A-Za-z]+/).includes(key))).toBe(true);
});
