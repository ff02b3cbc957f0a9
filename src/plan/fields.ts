import { z } from 'zod';
import { planSchema } from './schema/plan';

/** One field of the plan file, as docs/plan-file.md shows it. */
export interface Field {
  /** `gates.expand.require[].role`; `<name>` stands for a name of the author's own. */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  /** As it would be written; absent = none. */
  readonly default?: string;
  readonly doc: string;
}

/** Every field in the order of the schema, from the schema itself: docs and program cannot differ. */
export function planFields(): readonly Field[] {
  const schema = z.toJSONSchema(planSchema, { io: 'input', unrepresentable: 'any' }) as Shape;
  return childrenOf('', schema);
}

/** The slice of JSON Schema that the plan uses. */
interface Shape {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly additionalProperties?: Shape | false;
}

function childrenOf(path: string, shape: Shape): readonly Field[] {
  if (shape.items) return childrenOf(`${path}[]`, shape.items);
  if (typeof shape.additionalProperties === 'object' && !shape.properties) {
    return childrenOf(`${path}.<name>`, shape.additionalProperties);
  }
  const alike = alikeChildren(shape);
  if (alike) return [fieldOf(`${path}.<phase>`, alike, false), ...childrenOf(`${path}.<phase>`, alike)];
  return Object.entries(shape.properties ?? {}).flatMap(([key, inner]) => {
    const at = path === '' ? key : `${path}.${key}`;
    return [fieldOf(at, inner, shape.required?.includes(key) ?? false), ...childrenOf(at, inner)];
  });
}

/** The gates: one map per phase, all of the same shape, shown once. */
function alikeChildren(shape: Shape): Shape | undefined {
  const all = Object.entries(shape.properties ?? {});
  const [first] = all.map(([, inner]) => inner);
  if (!first?.properties || all.length < 3) return undefined;
  const alike = all.every(([, inner]) => JSON.stringify(inner.properties) === JSON.stringify(first.properties));
  return alike
    ? { ...first, description: `Stop before this phase: ${all.map(([key]) => key).join(', ')}.` }
    : undefined;
}

function fieldOf(path: string, shape: Shape, required: boolean): Field {
  const shown = shape.default === undefined ? undefined : defaultText(shape.default);
  return {
    path,
    type: typeText(shape),
    required,
    ...(shown === undefined ? {} : { default: shown }),
    doc: shape.description ?? '',
  };
}

/** A map whose fields all have defaults needs none of its own. */
function defaultText(value: unknown): string | undefined {
  const text = JSON.stringify(value);
  return text === '{}' ? undefined : text.replaceAll('"', '').replaceAll(',', ', ');
}

function typeText(shape: Shape): string {
  if (shape.const !== undefined) return String(shape.const);
  if (shape.enum) return shape.enum.map(String).join(', ');
  if (shape.type === 'array') return `list of ${shape.items ? typeText(shape.items) : 'values'}`;
  if (shape.type === 'object') return typeof shape.additionalProperties === 'object' ? 'map of names' : 'map';
  return shape.title ?? NAMES[shape.type ?? ''] ?? 'text';
}

const NAMES: Readonly<Record<string, string>> = { integer: 'whole number', boolean: 'true, false', string: 'text' };
