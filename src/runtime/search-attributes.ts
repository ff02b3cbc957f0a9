import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../core/search-attributes';

const NAMES: readonly string[] = SEARCH_ATTRIBUTES.map((attribute) => attribute.name);

/** As the development server's `--search-attribute` takes them. */
export const DEV_SEARCH_ATTRIBUTES: Readonly<Record<string, 'Keyword'>> = Object.fromEntries(
  NAMES.map((name) => [name, 'Keyword']),
);

export interface EnsureSearchAttributes {
  readonly connection: {
    readonly operatorService: Pick<Connection['operatorService'], 'listSearchAttributes' | 'addSearchAttributes'>;
  };
  readonly address: string;
  readonly namespace: string;
  /** Create what is missing instead of refusing. */
  readonly register: boolean;
}

/**
 * A workflow that upserts an unregistered attribute does not fail, its task is retried for ever; so a worker does not
 * begin before all of them are there. Returns the names that it created.
 *
 * @throws with the exact commands that create the missing ones.
 */
export async function ensureSearchAttributes(options: EnsureSearchAttributes): Promise<readonly string[]> {
  const { connection, namespace, register } = options;
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const wrong = NAMES.filter((name) => name in customAttributes && customAttributes[name] !== KEYWORD);
  if (wrong.length > 0)
    throw new Error(
      `The search attributes ${wrong.join(', ')} of namespace ${namespace} are not of type Keyword; use another namespace.`,
    );
  const missing = NAMES.filter((name) => !(name in customAttributes));
  if (missing.length === 0) return [];
  if (!register) throw new Error(advice(missing, options));
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
  });
  return missing;
}

function advice(missing: readonly string[], { address, namespace }: EnsureSearchAttributes): string {
  const create = `temporal operator search-attribute create --address ${address} --namespace ${namespace}`;
  const commands = missing.map((name) => `  ${create} --name ${name} --type Keyword`);
  return `Namespace ${namespace} does not know the search attributes ${missing.join(', ')}; start the worker with --register, or create them:\n${commands.join('\n')}`;
}

/** IndexedValueType of the API. */
const KEYWORD = 2;
