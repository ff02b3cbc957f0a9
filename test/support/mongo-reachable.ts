import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { describeExit } from '../../src/dev/child';
import { errorMessage } from '../../src/dev/error-code';
import { logTail } from '../../src/dev/log-tail';
import type { MongoServer } from '../../src/dev/mongo-server';

/** Why nobody can open a connection to the server, with the end of its log; undefined where one can. */
export async function whyUnreachable(server: MongoServer): Promise<string | undefined> {
  const exit = server.exit();
  if (exit === undefined) {
    const refused = await connectionRefused(server.port);
    if (refused === undefined) return undefined;
    return `${server.name} runs and takes no connection (${refused}); ${await resourcesOf(server.pid)}.${await endOfLog(server)}`;
  }
  return `${server.name} ended by itself with ${describeExit(exit)}.${await endOfLog(server)}`;
}

function connectionRefused(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => (socket.destroy(), resolve(undefined)));
    socket.once('error', (error) => resolve(errorMessage(error)));
  });
}

/** Open files and threads: both have limits that stop a server from taking connections. */
async function resourcesOf(pid: number): Promise<string> {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => '');
  const limit = /^Max open files\s+(\S+)/m.exec(limits)?.[1] ?? 'unknown';
  return `${files.length} open files of ${limit}, ${threads.length} threads`;
}

async function endOfLog({ logFile }: MongoServer): Promise<string> {
  const tail = await logTail(logFile);
  return tail === '' ? ' Its log is empty.' : ` The end of its log, ${logFile}:\n${tail}`;
}
