import { z } from 'zod';
import { DURATION_EXPECTED, parseDuration } from '../plan/durations';
import { isSecretRef, type SecretRef } from './secrets';

const name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'expected a name of small letters, digits, - and _; rename it');
const path = z.string().min(1, 'expected a path; write one');

/** A literal is refused: this file is committed and shown, its secrets must not be. */
const secret = z.custom<SecretRef>(
  (value) => typeof value === 'string' && isSecretRef(value),
  'expected `env:NAME` or `file:path`, never the secret itself: this file is read by people and kept in git; put the value into an environment variable or a file of mode 0600 and name that here',
);

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: `expected ${DURATION_EXPECTED}; write for example 30d` });
  return z.NEVER;
});

const httpBase = z.string().superRefine((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const wrong =
    url === undefined || !['http:', 'https:'].includes(url.protocol)
      ? 'expected an address that begins with http:// or https://; write it in full'
      : url.username !== '' || url.password !== ''
        ? 'expected an address without credentials; put them under `auth` as env: or file:'
        : undefined;
  if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong });
});

const absolutePath = z
  .string()
  .regex(/^\/[^\s]*$/, 'expected a path that begins with /; write it without the address, which the target has');

const argv = z.array(z.string().min(1)).min(1, 'expected a program and its arguments; write them as a list');

const sshHost = z
  .string()
  .regex(
    /^(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9.:-]*$/,
    'expected `user@host`, or a name of the ssh config; put ports and keys there',
  );

const service = z.strictObject({
  /** The symbolic link to the build that runs. */
  current: path,
  /** The folder in which builds lie side by side. */
  builds: path,
  restart: argv,
  stop: argv.optional(),
  health: z.strictObject({ target: name, path: absolutePath }),
});

/** Which of them it is meant to be shows in its keys; see `schemaProblems`. */
const target = z.union(
  [
    z.strictObject({ postgres: secret, probeAs: secret.optional() }),
    z.strictObject({ mongodb: secret, probeAs: secret.optional() }),
    z.strictObject({ http: httpBase, auth: secret.optional() }),
    z.strictObject({ envFile: path }),
    z.strictObject({ secretStore: path }),
    z.strictObject({ service }),
    z.strictObject({ log: path }),
  ],
  'expected one of `postgres: env:NAME`, `mongodb: env:NAME`, `http: http://host:port`, `envFile: path`, `secretStore: path`, `service: {...}`, `log: path`; say what this target is',
);

/** `cutover.config.yaml`: what the worker knows and plans do not. */
export const configSchema = z.strictObject({
  temporal: z.strictObject({ address: z.string().optional(), namespace: z.string().min(1).optional() }).default({}),
  taskQueue: z.string().min(1).max(200).default('cutover'),
  targets: z.record(name, target).default({}),
  stores: z.record(name, z.strictObject({ dir: path, retain: duration.optional() })).default({}),
  webhooks: z.record(name, z.strictObject({ url: secret, secret: secret.optional() })).default({}),
  commands: z
    .strictObject({
      allow: z.array(path).default([]),
      cwd: path.optional(),
      env: z
        .array(
          z
            .string()
            .regex(
              /^[A-Za-z_][A-Za-z0-9_]*$/,
              'expected the name of an environment variable; write it without a value',
            ),
        )
        .default([]),
      /** Hosts that commands may run on, over ssh. */
      hosts: z.record(name, sshHost).default({}),
    })
    .default({ allow: [], env: [], hosts: {} }),
  allow: z.strictObject({ unsignedInProduction: z.boolean().default(false) }).default({ unsignedInProduction: false }),
  /** People file; default beside this one. */
  people: path.default('cutover.people.yaml'),
  /** Where pg_dump and pg_restore are, when not on PATH. */
  postgresBin: path.optional(),
  /** Folder of the files that plans name by sha256. */
  artifacts: path.optional(),
});

/** Every key that the file may have, at whatever depth: what a mistyped one is compared with. */
export const CONFIG_KEYS: readonly string[] = [
  ...Object.keys(configSchema.shape),
  ...[
    'address',
    'namespace',
    'postgres',
    'mongodb',
    'probeAs',
    'http',
    'auth',
    'envFile',
    'secretStore',
    'service',
    'current',
    'builds',
    'restart',
    'stop',
    'health',
    'log',
    'hosts',
    'dir',
    'retain',
    'url',
    'secret',
    'cwd',
    'env',
    'unsignedInProduction',
  ],
];
