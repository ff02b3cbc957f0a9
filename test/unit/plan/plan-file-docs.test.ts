import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { planFields } from '../../../src/plan/fields';

const DOCS = join(__dirname, '../../../docs/plan-file.md');
const BETWEEN = /(<!-- fields: begin -->\n)[^]*(<!-- fields: end -->)/;

describe('docs/plan-file.md', () => {
  it('has the fields of the schema (UPDATE_EXPECT=1 writes them anew)', () => {
    const text = readFileSync(DOCS, 'utf8');
    const fresh = text.replace(BETWEEN, (_, begin: string, end: string) => `${begin}${table()}${end}`);
    if (process.env.UPDATE_EXPECT === '1') writeFileSync(DOCS, fresh);
    expect(readFileSync(DOCS, 'utf8')).toBe(fresh);
  });

  it('shows the smallest valid plan as it is', () => {
    const yaml = /```yaml\n([^]*?)```/.exec(readFileSync(DOCS, 'utf8'))?.[1];
    expect(yaml).toBe(readFileSync(join(__dirname, '../../plans/valid/smallest.yaml'), 'utf8'));
  });

  it('finds a sentence for every field', () => {
    expect(
      planFields()
        .filter((f) => f.doc.length < 4)
        .map((f) => f.path),
    ).toEqual([]);
  });
});

function table(): string {
  const rows = planFields().map(
    (f) =>
      `| \`${f.path}\` | ${f.type} | ${f.required ? '*required*' : f.default === undefined ? '' : `\`${f.default}\``} | ${f.doc.replaceAll('|', '\\|')} |`,
  );
  return ['| field | type | default | |', '|---|---|---|---|', ...rows, ''].join('\n');
}
