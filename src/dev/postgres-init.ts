import { chown, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from './command';
import type { SystemUser } from './postgres-user';

export interface InitOptions {
  readonly bin: string;
  readonly user: SystemUser | undefined;
  /** Exists, is empty and belongs to `user`. */
  readonly dataDir: string;
  readonly password: string;
}

/** Runs initdb with scram passwords. The password goes by a file that only `user` may read and that is removed again. */
export async function initDatabase(options: InitOptions): Promise<void> {
  const { bin, user, dataDir, password } = options;
  const passwordFile = join(dirname(dataDir), `.password-${process.pid}`);
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  try {
    if (user !== undefined) await chown(passwordFile, user.uid, user.gid);
    let said = '';
    // C.UTF-8 is missing on macOS and old glibc; C sorts the same.
    for (const locale of ['C.UTF-8', 'C']) {
      const result = await runCommand({
        command: join(bin, 'initdb'),
        args: [
          ...['--pgdata', dataDir, '--username', 'postgres', '--pwfile', passwordFile],
          ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', locale],
        ],
        env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
        cwd: dataDir,
        user: user && { uid: user.uid, gid: user.gid },
      });
      if (result.code === 0) return;
      said = `${result.stdout}\n${result.stderr}`.trim();
      if (!said.includes('invalid locale name')) break;
    }
    throw new Error(`initdb could not create a database in ${dataDir}. It said:\n${said}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
}
