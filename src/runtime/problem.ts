import type { Problem } from '../plan/problem';

/** All the problems of one of the worker's own files, so that they are mended in one go. */
export class FileProblems extends Error {
  constructor(
    readonly file: string,
    readonly problems: readonly Problem[],
  ) {
    super(`${file} cannot be used:\n${problems.map((p) => `  ${problemLine(p)}`).join('\n')}`);
    this.name = 'FileProblems';
  }
}

/** One line for logs and errors; the CLI prints four with `renderProblem`. */
export function problemLine(problem: Problem): string {
  const where = problem.path === '' ? '' : `${problem.path}: `;
  return `${where}found ${problem.found}, expected ${problem.expected}; ${problem.fix}`;
}
