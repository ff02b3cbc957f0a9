#!/usr/bin/env node
import { describeError } from '../core/failure';
import { redact } from '../runtime/redact';
import { EXIT } from './exit-codes';
import { processHost } from './host';
import { runCli } from './program';

/** The only place that ends the process. */
async function main(): Promise<void> {
  const host = processHost();
  // A reader that has gone (`| head`) is no error of ours; Output notices by itself.
  host.stdout.on('error', () => undefined);
  host.stderr.on('error', () => undefined);
  try {
    process.exitCode = await runCli(process.argv.slice(2), host);
  } catch (error) {
    host.stderr.write(`error: ${redact(describeError(error))}\n`);
    process.exitCode = EXIT.refused;
  }
}

void main();
