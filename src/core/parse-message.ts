import { PHASES } from './phase';
import type { DecisionMessage } from './decision';
import { OPERATE_VERBS, type OperateMessage } from './operate-message';

type Parsed<T> = { readonly ok: true; readonly message: T } | { readonly ok: false; readonly reason: string };

const MAX_TEXT = 2_000;
/** With its zone: a time without one is another hour in every office. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Messages come from anywhere: the Temporal UI, a script, a client of another version. Whatever arrives is looked at
 * as `unknown`; a bad one is a reason in words, never an exception (which would fail the workflow task for ever).
 */
export function parseDecision(value: unknown): Parsed<DecisionMessage> {
  const record = recordOf(value);
  if (typeof record === 'string') return { ok: false, reason: record };
  const problem =
    unknownField(record, DECISION_FIELDS) ??
    textField(record, ['gate', 'nonce', 'planDigest', 'evidenceDigest', 'approver']) ??
    optionalText(record, ['at', 'comment', 'signature']);
  if (problem) return { ok: false, reason: problem };
  if (record['at'] && !ISO_TIME.test(record['at'] as string)) {
    return {
      ok: false,
      reason: `The field at must be a time like 2026-11-21T12:00:00Z, found ${shown(record['at'])}.`,
    };
  }
  if (record['decision'] !== 'approve' && record['decision'] !== 'reject') {
    return {
      ok: false,
      reason: `The field decision must be "approve" or "reject", found ${shown(record['decision'])}.`,
    };
  }
  const gate = record['gate'] as string;
  if (!(PHASES as readonly string[]).includes(gate))
    return { ok: false, reason: `There is no phase "${gate}", so no gate before it.` };
  return { ok: true, message: record as unknown as DecisionMessage };
}

export function parseOperate(value: unknown): Parsed<OperateMessage> {
  const record = recordOf(value);
  if (typeof record === 'string') return { ok: false, reason: record };
  const problem =
    unknownField(record, OPERATE_FIELDS) ??
    textField(record, ['verb', 'as']) ??
    optionalText(record, ['comment', 'planDigest', 'step', 'until']);
  if (problem) return { ok: false, reason: problem };
  if (!(OPERATE_VERBS as readonly unknown[]).includes(record['verb'])) {
    return {
      ok: false,
      reason: `The field verb must be one of ${OPERATE_VERBS.join(', ')}; found ${shown(record['verb'])}.`,
    };
  }
  if (record['until'] && !ISO_TIME.test(record['until'] as string)) {
    const reason = `The field until must be a time like 2026-11-21T12:00:00Z, found ${shown(record['until'])}.`;
    return { ok: false, reason };
  }
  return { ok: true, message: record as unknown as OperateMessage };
}

const DECISION_FIELDS = [
  'gate',
  'nonce',
  'planDigest',
  'evidenceDigest',
  'decision',
  'approver',
  'at',
  'comment',
  'signature',
];
const OPERATE_FIELDS = ['verb', 'as', 'comment', 'planDigest', 'step', 'until'];

function recordOf(value: unknown): Record<string, unknown> | string {
  if (value === undefined) return 'The message has no payload; send one JSON object.';
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return `The message must be one JSON object, found ${shown(value)}.`;
  const record = value as Record<string, unknown>;
  if ('undecodable' in record) return `The payload cannot be decoded: ${shown(record['undecodable'])}`;
  return record;
}

function unknownField(record: Record<string, unknown>, known: readonly string[]): string | undefined {
  const extra = Object.keys(record).find((key) => !known.includes(key));
  return extra === undefined
    ? undefined
    : `The field ${shown(extra)} is not known; the fields are ${known.join(', ')}.`;
}

function textField(record: Record<string, unknown>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = record[name];
    if (typeof value !== 'string' || value.trim() === '')
      return `The field ${name} must be a text, found ${shown(value)}.`;
    if (value.length > MAX_TEXT) return `The field ${name} has ${value.length} characters; ${MAX_TEXT} are allowed.`;
  }
  return undefined;
}

function optionalText(record: Record<string, unknown>, names: readonly string[]): string | undefined {
  return textField(
    record,
    names.filter((name) => record[name] !== undefined && record[name] !== ''),
  );
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
