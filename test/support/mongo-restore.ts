import pino from 'pino';
import { append } from '../../activities/lane/ledger';
import { restore } from '../../activities/mongodb/restore/restore';
import { claims } from '../../activities/mongodb/lane/documents';
import { ledgerIn } from '../../activities/mongodb/lane/ledger';
import { ensureLane } from '../../activities/mongodb/lane/schema';
import { openMongo } from '../../activities/mongodb/session';
import { backupStep } from '../../activities/mongodb/steps/backup';
import type { MongoTarget, Resources } from '../../activities/resources';
import type { Json } from '../../src/core/json';
import type { CompiledPlan } from '../../src/core/plan';
import type { RestoreAnswer, RestoreApproval } from '../../src/core/restore';
import { EMPTY_HEAD, type RunRef } from '../../src/core/verb';
import { resourcesOf, RUN } from './backup-context';
import { mongoBackupContext } from './mongo-backup-context';

const BACKUP = 'backup/dump';

/** As much of a plan as a restore reads: its backup, its tenant key, and who stands at the gate before contract. */
const PLAN = {
  name: RUN.plan,
  home: 'app',
  environment: 'staging',
  gates: {
    cutover: { require: [{ role: 'lead', count: 1 }] },
    contract: {
      require: [
        { role: 'lead', count: 1 },
        { role: 'sre', count: 1 },
      ],
    },
  },
  steps: [
    { id: 'preflight/claim', kind: 'preflight', phase: 'preflight', args: { column: 'tenant_id' } },
    { id: BACKUP, kind: 'backup', phase: 'backup', args: { store: 'backups', exclude: [] } },
  ],
} as unknown as CompiledPlan;

export interface RestoreParts {
  readonly toolUrl: string;
  readonly appUrl: string;
  readonly storeDir: string;
  readonly id: string;
}

/** A run with a ledger and a backup of its own, and the restore of it. */
export class RestorableRun {
  readonly run: RunRef;
  readonly target: MongoTarget;
  readonly resources: Resources;

  constructor(private readonly parts: RestoreParts) {
    this.run = { ...RUN, id: parts.id };
    this.target = { kind: 'mongodb', name: 'app', url: () => parts.toolUrl, probeAs: () => parts.appUrl };
    this.resources = {
      ...resourcesOf({ targets: [this.target], storeDir: parts.storeDir }),
      log: pino({ level: 'silent' }),
      people: async () => ({
        roles: { 'lead-1': ['lead'], 'sre-1': ['sre'], 'dba-1': ['dba'] },
        digest: 'sha256:people',
        mode: 'claimed',
      }),
    };
  }

  /** The plan's row, a claim as an aborted run keeps it, and the backup. */
  async begin(): Promise<void> {
    await using link = await openMongo({ url: this.parts.toolUrl, appName: 'test' });
    const { lane } = link;
    await ensureLane(lane);
    const body = PLAN as unknown as Json;
    const row = { step: 'run', verb: 'note', round: 0, event: 'plan', body } as const;
    await append(ledgerIn(lane), this.run, EMPTY_HEAD, row);
    await this.backup().do(this.context());
    await claims(lane).deleteMany({});
  }

  restore(
    approved?: RestoreApproval,
    pulse: { readonly signal?: AbortSignal; readonly onProgress?: (doing: string) => void } = {},
  ): Promise<RestoreAnswer> {
    const { signal = new AbortController().signal, onProgress } = pulse;
    const input = { home: 'app', run: this.run.id, ...(approved ? { approved } : {}) };
    return restore(this.resources, input, {
      signal,
      attempt: 1,
      progress: ({ doing }) => onProgress?.(doing),
      [Symbol.dispose]: () => undefined,
    });
  }

  private backup() {
    return backupStep(this.resources);
  }

  private context() {
    const { target: home, run } = this;
    return mongoBackupContext({ kind: 'backup', id: BACKUP, args: { store: 'backups', exclude: [] }, home, run });
  }
}
