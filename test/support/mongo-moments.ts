import type { Verb } from '../../src/core/step';
import type { MongoFate, MongoRule } from './mongo-proxy';

/** What one message of the tool says, and where the tool is with its work. */
export interface MongoSaid {
  /** The command that names a collection: "find", "insert", "update"; undefined for others. */
  readonly command: string | undefined;
  readonly collection: string | undefined;
  /** Step and verb of the attempt that claimed last. */
  readonly step: string;
  readonly verb: string;
  /** Of a commit: the last row of the ledger in its transaction. */
  readonly commits: MongoRow | undefined;
  readonly has: (word: string) => boolean;
}

export interface MongoRow {
  readonly step: string;
  readonly verb: string;
  readonly event: string;
}

type When = (said: MongoSaid) => boolean;

/** Says `fate` the first time that `when` holds, and nothing from then on. */
export function onceMongo(fate: MongoFate, when: When): MongoRule {
  let struck = false;
  return listening((said) => {
    if (struck || !when(said)) return 'pass';
    struck = true;
    return fate;
  });
}

export function inMongoStep(step: string, verb: Verb, when: When): When {
  return (said) => said.step === step && said.verb === verb && when(said);
}

/** The commit that carries the verb's end row: effect and row stand or fall with it. */
export function lastMongoCommit(step: string, verb: Verb): When {
  return ({ commits }) => commits?.event === 'end' && commits.step === step && commits.verb === verb;
}

/** Reads along: claims say which step is under way, inserts into the ledger what a session's commit will carry. */
export function listening(rule: (said: MongoSaid) => MongoFate): MongoRule {
  const rows = new Map<string, MongoRow>();
  let at = { step: '', verb: '' };
  return (message) => {
    const text = message.toString('latin1');
    const [, command, collection] = /^.{25}\x02([^\0]+)\0.{4}([^\0]*)\0/s.exec(text) ?? [];
    const session = /\x03lsid\0.{4}\x05id\0.{5}(.{16})/s.exec(text)?.[1] ?? '';
    if (collection === 'claim' && /^findAndModify$/i.test(command ?? '') && text.includes('\x02verb\0'))
      at = { step: textOf(text, 'step'), verb: textOf(text, 'verb') };
    if (collection === 'ledger' && command === 'insert')
      rows.set(session, {
        step: textOf(text, 'step'),
        verb: textOf(text, 'verb'),
        event: textOf(text, 'event'),
      });
    const commits = text.includes('commitTransaction\0') ? rows.get(session) : undefined;
    return rule({ command, collection, ...at, commits, has: (word) => text.includes(word) });
  };
}

/** A field of BSON that is a text: its name, its length, itself. */
function textOf(bson: string, field: string): string {
  return new RegExp(`\\x02${field}\\0.{4}([^\\0]*)\\0`, 's').exec(bson)?.[1] ?? '';
}
