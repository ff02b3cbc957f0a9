import type { Command } from 'commander';
import { FileProblems, problemLine } from '../../runtime/problem';
import { connectTemporal } from '../../runtime/temporal';
import type { Config } from '../../runtime/config';
import type { TargetReport } from '../../core/target-report';
import { describeError } from '../../core/failure';
import { redact } from '../../runtime/redact';
import { CliError } from '../cli-error';
import type { Finding } from '../doctor/finding';
import { machineFindings } from '../doctor/machine';
import { serverFindings } from '../doctor/server';
import { askForTargets, targetFindings } from '../doctor/targets';
import { workerFileFindings } from '../doctor/worker-files';
import { EXIT, type ExitCode } from '../exit-codes';
import type { Output } from '../output';
import { command, type CommonOptions, type Io, type Shell } from '../shell';
import { table } from '../table';

interface DoctorOptions extends CommonOptions {
  readonly targets?: boolean;
}

/** Everything is asked although something was found wrong: whoever sets this up mends it in one go. */
export function doctorCommand(shell: Shell): Command {
  return command('doctor', 'look whether everything is there that a run needs; changes nothing')
    .option('--targets', 'have the worker ask every target, too: reachable, version, role, privileges')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover doctor\n  $ cutover doctor --targets\n  $ cutover doctor --json | jq ".findings[] | select(.verdict != \\"ok\\")"\n\nExits with 1 when something is bad, with 3 when no Temporal server answers, with 4 when --targets finds no worker.',
    )
    .action((options: DoctorOptions) => shell.run(options, (io) => doctor(io, options.targets ?? false)));
}

async function doctor(io: Io, withTargets: boolean): Promise<number> {
  const config = await readConfig(io);
  const machine = await machineFindings(config.config);
  const rest = config.config ? await beyond(config.config, withTargets) : { findings: [], code: EXIT.usage };
  const findings = [...machine, ...config.findings, ...rest.findings];
  const bad = findings.filter((f) => f.verdict === 'bad').length;
  const code: ExitCode = rest.code !== EXIT.ok ? rest.code : bad > 0 ? EXIT.refused : EXIT.ok;
  for (const line of table(findings.map((f) => [signOf(io.out, f), f.name, f.found]))) io.out.line(line);
  const warned = findings.filter((f) => f.verdict === 'warn').length;
  io.out.line(`\n${findings.length - bad - warned} good, ${warned} to know, ${bad} bad`);
  io.out.data({
    ok: code === EXIT.ok,
    exitCode: code,
    findings,
    ...('targets' in rest ? { targets: rest.targets } : {}),
  });
  return code;
}

interface Beyond {
  readonly findings: readonly Finding[];
  readonly code: ExitCode;
  readonly targets?: readonly TargetReport[];
}

/** What is not on this machine: the server, the worker, and behind it the targets. */
async function beyond(config: Config, withTargets: boolean): Promise<Beyond> {
  let temporal;
  try {
    temporal = await connectTemporal(config.temporal);
  } catch (error) {
    const away: Finding = { name: 'Temporal server', verdict: 'bad', found: redact(describeError(error)) };
    return { findings: [...(await workerFileFindings(config, false)), away], code: EXIT.unreachable };
  }
  try {
    const server = await serverFindings(temporal, config);
    const files = await workerFileFindings(config, server.workers.length > 0);
    const findings = [...files, ...server.findings];
    if (!withTargets) return { findings, code: EXIT.ok };
    if (server.workers.length === 0) return { findings, code: EXIT.noWorker };
    const targets = await askForTargets(temporal, config);
    return { findings: [...findings, ...targetFindings(targets)], code: EXIT.ok, targets };
  } finally {
    await temporal.close();
  }
}

async function readConfig(io: Io): Promise<{ readonly config?: Config; readonly findings: readonly Finding[] }> {
  try {
    return { config: await io.config(), findings: [] };
  } catch (error) {
    if (error instanceof CliError) throw error;
    const lines = error instanceof FileProblems ? error.problems.map(problemLine) : [redact(describeError(error))];
    return { findings: lines.map((found) => ({ name: 'config', verdict: 'bad' as const, found })) };
  }
}

function signOf(out: Output, { verdict }: Finding): string {
  return verdict === 'ok' ? out.paint('green', 'ok') : out.paint(verdict === 'warn' ? 'yellow' : 'red', verdict);
}
