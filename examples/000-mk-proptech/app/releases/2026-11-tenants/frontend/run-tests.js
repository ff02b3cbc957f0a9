import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// `yarn test --runInBand` is what people type here, from the days of jest; node's runner knows no such word.
const { status } = spawnSync(process.execPath, ['--test'], {
  cwd: fileURLToPath(new URL('.', import.meta.url)),
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
