import { describeError } from '../core/failure';
import { demo000 } from './demo-000';
import { demo003 } from './demo-003';
import { demoOptions } from './demo-options';
import { closeAll } from './on-exit';

void (async () => {
  let code = 1;
  try {
    const options = demoOptions(process.argv.slice(2));
    code = await (options.runbook === '000' ? demo000(options) : demo003(options));
  } catch (error) {
    process.stderr.write(`\nThe demo ended early: ${describeError(error)}\n`);
  } finally {
    await closeAll();
  }
  process.exit(code);
})();
