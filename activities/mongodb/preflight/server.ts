import { check, type Findings } from '../../findings';
import { serverText, type Capabilities } from '../capabilities';
import { oplogFindings } from './oplog';

const OLDEST_MAJOR = 6;

/** Topology, version, and what the run stands on: transactions, change streams, collMod. Asked, never taken from the version. */
export function serverFindings(can: Capabilities, expectedMs: number | undefined): Findings {
  const major = Number.parseInt(can.version, 10);
  const old = major < OLDEST_MAJOR ? [`${serverText(can)} is older than ${OLDEST_MAJOR}.0; upgrade the server`] : [];
  const lone = can.replicaSet === undefined ? ['none; start the server with --replSet and run rs.initiate()'] : [];
  const cannot = [
    ...(can.transactions ? [] : ['transactions: the ledger and its effects need them']),
    ...(can.changeStreams ? [] : ['change streams: other writers could not be proved quiet']),
    ...(can.collMod ? [] : ["collMod: give the tool's user dbAdmin on the database"]),
  ];
  const oplog = oplogFindings(can, expectedMs);
  return {
    checks: [
      check('server', `${OLDEST_MAJOR}.0 or newer`, old, serverText(can)),
      check('replica set', 'a replica set', lone, can.replicaSet ?? ''),
      check('abilities', 'transactions, change streams, collMod', cannot),
      ...oplog.checks,
    ],
    warnings: [...warnings(can), ...(oplog.warnings ?? [])],
    figures: { server: serverText(can), ...oplog.figures },
  };
}

function warnings(can: Capabilities): readonly string[] {
  return [
    // Undefined: this user may not ask, and that says nothing about the server.
    ...(can.journal !== false ? [] : ['the server keeps nothing over a restart: it is good for trying only']),
    ...(can.snapshotReads === false
      ? ['snapshot reads do not hold: the backup is a dump plus a replay of changes to one instant']
      : []),
    ...(can.user === undefined ? ['the server asks nobody for a password: a fence by role stops nothing'] : []),
    ...(can.setUserWriteBlockMode ? [] : ['setUserWriteBlockMode is not there: a fence must use another mechanism']),
    ...(can.product === 'MongoDB'
      ? []
      : [`this is ${can.product}, which plays MongoDB: production is to be tried again`]),
  ];
}
