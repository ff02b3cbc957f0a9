import { clip, type Check } from '../src/core/evidence';
import type { HttpExpectation } from '../src/core/outside-args';
import type { HttpAnswer } from './http';
import { plainText } from './plain-text';

/** An answer against what the plan expects. A status of 200 alone proves little: an error page may carry it. */
export function judgeAnswer(name: string, answer: HttpAnswer, expect: HttpExpectation): readonly Check[] {
  const { status, body, truncated, location } = answer;
  const said = clip(plainText(body).replaceAll('\n', ' '), 120);
  const checks: Check[] = [
    {
      name: `${name}: status`,
      verdict: status === expect.status ? 'pass' : 'fail',
      expected: String(expect.status),
      observed: `${status}${location === undefined ? '' : ` to ${clip(plainText(location), 80)}`}${status === expect.status ? '' : `, ${said}`}`,
    },
  ];
  if (expect.contains !== undefined) {
    const found = body.includes(expect.contains);
    checks.push({
      name: `${name}: contains`,
      verdict: found ? 'pass' : truncated ? 'inconclusive' : 'fail',
      expected: JSON.stringify(expect.contains),
      observed: found ? JSON.stringify(expect.contains) : truncated ? TOO_LONG : said,
    });
  }
  if (expect.lacks !== undefined) {
    const found = body.includes(expect.lacks);
    checks.push({
      name: `${name}: lacks`,
      verdict: found ? 'fail' : truncated ? 'inconclusive' : 'pass',
      expected: `no ${JSON.stringify(expect.lacks)}`,
      observed: found ? said : truncated ? TOO_LONG : `no ${JSON.stringify(expect.lacks)}`,
    });
  }
  return checks;
}

const TOO_LONG = 'a body longer than what is read; ask for less';
