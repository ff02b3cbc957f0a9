import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { describeError } from '../core/failure';
import type { Problem } from '../plan/problem';
import { rememberSecret } from './redact';

/** How to reach Temporal. The key and certificates come from the environment alone. */
export interface TemporalSettings {
  /** host:port */
  readonly address: string;
  readonly namespace: string;
  readonly tls?: Tls;
  /** Behind a function, so that no printed object holds it. */
  readonly apiKey?: () => string;
}

export interface Tls {
  readonly serverNameOverride?: string;
  readonly serverRootCACertificate?: Buffer;
  readonly clientCertPair?: { readonly crt: Buffer; readonly key: Buffer };
}

export interface TemporalFile {
  readonly address?: string | undefined;
  readonly namespace?: string | undefined;
}

export type ReadSettings =
  | { readonly ok: true; readonly settings: TemporalSettings }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * The environment before the file: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY (turns TLS on), TEMPORAL_TLS,
 * TEMPORAL_TLS_CLIENT_CERT_PATH and _KEY_PATH, TEMPORAL_TLS_SERVER_CA_CERT_PATH, TEMPORAL_TLS_SERVER_NAME.
 */
export function temporalSettings(file: TemporalFile, env: NodeJS.ProcessEnv): ReadSettings {
  const fromEnv = env.TEMPORAL_ADDRESS !== undefined && env.TEMPORAL_ADDRESS !== '';
  const address = parseAddress((fromEnv ? env.TEMPORAL_ADDRESS : file.address) ?? DEFAULT_ADDRESS);
  const tls = readTls(env);
  const problems = [
    ...('wrong' in address ? [{ ...address.wrong, path: fromEnv ? 'TEMPORAL_ADDRESS' : 'temporal.address' }] : []),
    ...tls.problems,
  ];
  if ('wrong' in address || problems.length > 0) return { ok: false, problems };
  const key = env.TEMPORAL_API_KEY;
  if (key) rememberSecret(key);
  return {
    ok: true,
    settings: {
      address: address.address,
      namespace: env.TEMPORAL_NAMESPACE || file.namespace || 'default',
      ...(tls.tls ? { tls: tls.tls } : {}),
      ...(key ? { apiKey: () => key } : {}),
    },
  };
}

type Address = { readonly address: string } | { readonly wrong: Omit<Problem, 'path'> };

/** `host`, `host:port`, `1.2.3.4:port` or `[v6]:port`; the port defaults to 7233. */
export function parseAddress(text: string): Address {
  const wrong = (expected: string, fix: string): Address => ({ wrong: { found: JSON.stringify(text), expected, fix } });
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/(.*?)\/*$/i.exec(text);
  if (scheme) return wrong('host:port without a scheme', `write ${scheme[2] || 'host:7233'}`);
  if (isIPv6(text)) return wrong('an IPv6 address in brackets', `write [${text}]:7233`);
  const match = /^(\[[^\]\s]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}))(?::(\d{1,9}))?$/.exec(text);
  if (!match?.[1]) return wrong('host:port', 'write for example 127.0.0.1:7233');
  if (match[1].startsWith('[') && !isIPv6(match[1].slice(1, -1)))
    return wrong('an IPv6 address between the brackets', 'write for example [::1]:7233');
  const port = Number(match[2] ?? DEFAULT_PORT);
  if (port < 1 || port > 65_535) return wrong('a port from 1 to 65535', `write ${match[1]}:${DEFAULT_PORT}`);
  return { address: `${match[1]}:${port}` };
}

function readTls(env: NodeJS.ProcessEnv): { readonly tls?: Tls; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const file = (variable: string): Buffer | undefined => {
    const path = env[variable];
    if (!path) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      problems.push({ path: variable, found: describeError(error), expected: 'a PEM file', fix: 'correct the path' });
      return undefined;
    }
  };
  const crt = file('TEMPORAL_TLS_CLIENT_CERT_PATH');
  const key = file('TEMPORAL_TLS_CLIENT_KEY_PATH');
  const ca = file('TEMPORAL_TLS_SERVER_CA_CERT_PATH');
  if ((crt === undefined) !== (key === undefined) && problems.length === 0) {
    const absent = crt === undefined ? 'TEMPORAL_TLS_CLIENT_CERT_PATH' : 'TEMPORAL_TLS_CLIENT_KEY_PATH';
    problems.push({
      path: absent,
      found: 'nothing',
      expected: 'certificate and key together',
      fix: 'set both or neither',
    });
  }
  const name = env.TEMPORAL_TLS_SERVER_NAME;
  const asked = env.TEMPORAL_TLS === 'true' || env.TEMPORAL_TLS === '1';
  const refused = env.TEMPORAL_TLS === 'false' || env.TEMPORAL_TLS === '0';
  if (refused || !(asked || env.TEMPORAL_API_KEY || crt || ca || name)) return { problems };
  return {
    problems,
    tls: {
      ...(name ? { serverNameOverride: name } : {}),
      ...(ca ? { serverRootCACertificate: ca } : {}),
      ...(crt && key ? { clientCertPair: { crt, key } } : {}),
    },
  };
}

const DEFAULT_PORT = 7233;
const DEFAULT_ADDRESS = `127.0.0.1:${DEFAULT_PORT}`;
