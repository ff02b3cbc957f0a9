import {
  defaultPayloadConverter,
  type ConverterHint,
  type Payload,
  type PayloadConverter,
  type SerializationContext,
} from '@temporalio/common';

/** What a handler gets in place of a value that cannot be read: its own check then refuses it as any other bad message. */
export interface Undecodable {
  readonly undecodable: string;
}

/**
 * JSON, but reading never throws. The SDK decodes a signal before any handler runs and does not catch: one payload of an
 * unknown encoding, sent by anybody, would fail the workflow task for ever. Loaded by path into the worker, into the
 * workflow bundle and into the CLI's client.
 *
 * What this tool writes is marked; what others send is read up to 64 KB, so that no stranger's message weighs on a run.
 */
export const payloadConverter: PayloadConverter = {
  toPayload<T>(value: T, context?: SerializationContext, hint?: ConverterHint<T>): Payload {
    const payload = defaultPayloadConverter.toPayload(value, context, hint);
    return { ...payload, metadata: { ...payload.metadata, [MARK]: MARKED } };
  },
  fromPayload<T>(payload: Payload, context?: SerializationContext, hint?: ConverterHint<T>): T {
    const size = payload.data?.length ?? 0;
    if (size > MAX_FOREIGN && payload.metadata?.[MARK] === undefined)
      return undecodable<T>(`${size} bytes; a message has at most ${MAX_FOREIGN}`);
    try {
      return defaultPayloadConverter.fromPayload<T>(payload, context, hint);
    } catch (error) {
      return undecodable<T>(error instanceof Error ? error.message : String(error));
    }
  },
};

export function isUndecodable(value: unknown): value is Undecodable {
  return typeof value === 'object' && value !== null && 'undecodable' in value && typeof value.undecodable === 'string';
}

/** The handler's parameter type is a promise that only its own check keeps, for a foreign value of any shape. */
function undecodable<T>(reason: string): T {
  const value: Undecodable = { undecodable: reason.slice(0, 200) };
  return value as T;
}

const MAX_FOREIGN = 64 * 1024;
const MARK = 'from-cutover';
const MARKED = new Uint8Array([49]);
