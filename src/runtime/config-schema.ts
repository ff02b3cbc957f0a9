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

const postgresTarget = z.strictObject({ postgres: secret, probeAs: secret.optional() });
const httpTarget = z.strictObject({ http: httpBase, auth: secret.optional() });

/** Which of the two it is meant to be shows in its keys; see `schemaProblems`. */
const target = z.union(
  [postgresTarget, httpTarget],
  'expected `postgres: env:NAME` or `http: http://host:port`; say what this target is',
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
    })
    .default({ allow: [], env: [] }),
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
    'probeAs',
    'http',
    'auth',
    'dir',
    'retain',
    'url',
    'secret',
    'cwd',
    'env',
    'unsignedInProduction',
  ],
];
