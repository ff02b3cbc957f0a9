import { createRequire } from 'node:module';

/** Packages of which one process must have one copy: two of them, and `instanceof` says no to its own errors and types. */
const ONCE = ['@temporalio/common', '@temporalio/proto', 'protobufjs'] as const;
const SDK = ['client', 'common', 'worker', 'workflow', 'activity', 'proto'].map((name) => `@temporalio/${name}`);

export interface PackageCopies {
  /** Versions of the SDK's packages; one when all is well. */
  readonly sdk: readonly string[];
  readonly protobufjs: string;
  /** What is installed twice, each with how to mend it. */
  readonly problems: readonly string[];
}

/** Looks from where each package of the SDK stands: what it would load, not what the lock file says. */
export function packageCopies(from: string = __filename): PackageCopies {
  const base = createRequire(from);
  const homes = SDK.map((name) => base.resolve(`${name}/package.json`));
  const sdk = [...new Set(homes.map((home) => versionAt(base, home)))].sort();
  const problems = ONCE.flatMap((name) => {
    const copies = [...new Set(homes.map((home) => createRequire(home).resolve(`${name}/package.json`)))];
    return copies.length === 1 ? [] : [`${name} is installed ${copies.length} times (${copies.join(', ')})`];
  });
  const mixed = sdk.length === 1 ? [] : [`the packages of the Temporal SDK have the versions ${sdk.join(', ')}`];
  return {
    sdk,
    protobufjs: versionAt(base, base.resolve('protobufjs/package.json')),
    problems: [...mixed, ...problems].map((p) => `${p}; remove node_modules and run \`npm ci\``),
  };
}

function versionAt(base: NodeJS.Require, path: string): string {
  const manifest: unknown = base(path);
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : '';
  return typeof version === 'string' ? version : '?';
}
