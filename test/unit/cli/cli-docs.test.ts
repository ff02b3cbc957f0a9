import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../../src/cli/exit-codes';
import { cli } from './host';

const DOCS = join(__dirname, '../../../docs/cli.md');
const BETWEEN = /(<!-- help: begin -->\n)[^]*(<!-- help: end -->)/;

describe('docs/cli.md', () => {
  it('has the help of every command (UPDATE_EXPECT=1 writes it anew)', async () => {
    const text = readFileSync(DOCS, 'utf8');
    const help = await helpOfAll();
    const fresh = text.replace(BETWEEN, (_, begin: string, end: string) => `${begin}${help}${end}`);
    if (process.env.UPDATE_EXPECT === '1') writeFileSync(DOCS, fresh);
    expect(readFileSync(DOCS, 'utf8')).toBe(fresh);
  });

  it('has every exit code', () => {
    const text = readFileSync(DOCS, 'utf8');
    for (const code of Object.values(EXIT)) expect(text).toContain(`| ${code} | `);
  });

  it('names every command in its table', async () => {
    const table = readFileSync(DOCS, 'utf8').split('## Which run')[0] ?? '';
    for (const name of await commands()) expect(table).toContain(`\`${name}`);
  });
});

async function commands(): Promise<readonly string[]> {
  const { stdout } = await cli(['--help']);
  const list = stdout.split('Commands:')[1]?.split('Examples:')[0] ?? '';
  return [...list.matchAll(/^ {2}([a-z]+) /gm)].map((m) => m[1] ?? '').filter((name) => name !== 'help');
}

async function helpOfAll(): Promise<string> {
  const sections: string[] = [];
  for (const name of await commands()) {
    const { stdout } = await cli([name, '--help']);
    sections.push(`### ${name}\n\n\`\`\`\n${stdout.trim()}\n\`\`\`\n`);
  }
  return `${sections.join('\n')}`.replace(/^/, '\n').replace(/$/, '\n');
}
