/** One message from a client to PostgreSQL, as far as a fault needs to know it. */
export interface ClientMessage {
  /** The bytes as they came: what is forwarded. */
  readonly bytes: Buffer;
  readonly kind: 'startup' | 'query' | 'parse' | 'bind' | 'other';
  /** Text of a simple query or of a statement to be parsed. */
  readonly sql?: string;
  /** Bound values as text. */
  readonly values?: readonly (string | null)[];
  /** Parameters of the startup message: user, database, application_name. */
  readonly startup?: Readonly<Record<string, string>>;
}

/** Cuts the byte stream of one connection into messages; what is not whole yet waits. */
export class ClientStream {
  private rest: Buffer = Buffer.alloc(0);
  private started = false;

  push(chunk: Buffer): readonly ClientMessage[] {
    this.rest = Buffer.concat([this.rest, chunk]);
    const messages: ClientMessage[] = [];
    for (let next = this.take(); next; next = this.take()) messages.push(next);
    return messages;
  }

  private take(): ClientMessage | undefined {
    const head = this.started ? 1 : 0;
    if (this.rest.length < head + 4) return undefined;
    const end = head + this.rest.readUInt32BE(head);
    if (this.rest.length < end) return undefined;
    const bytes = this.rest.subarray(0, end);
    this.rest = this.rest.subarray(end);
    if (!this.started) return this.startup(bytes);
    return typed(bytes);
  }

  /** A request for TLS or GSS, or to cancel, comes before the real one and looks like it. */
  private startup(bytes: Buffer): ClientMessage {
    if (bytes.readUInt32BE(4) !== PROTOCOL_3) return { bytes, kind: 'other' };
    this.started = true;
    const words = bytes.subarray(8).toString('utf8').split('\0');
    const startup: Record<string, string> = {};
    for (let i = 0; i + 1 < words.length && words[i]; i += 2) startup[words[i] ?? ''] = words[i + 1] ?? '';
    return { bytes, kind: 'startup', startup };
  }
}

const PROTOCOL_3 = 196_608;

function typed(bytes: Buffer): ClientMessage {
  switch (String.fromCharCode(bytes[0] ?? 0)) {
    case 'Q':
      return { bytes, kind: 'query', sql: textAt(bytes, 5).text };
    case 'P':
      return { bytes, kind: 'parse', sql: textAt(bytes, textAt(bytes, 5).end).text };
    case 'B':
      return { bytes, kind: 'bind', values: boundValues(bytes) };
    default:
      return { bytes, kind: 'other' };
  }
}

function boundValues(bytes: Buffer): readonly (string | null)[] {
  let at = textAt(bytes, textAt(bytes, 5).end).end;
  at += 2 + 2 * bytes.readUInt16BE(at);
  const count = bytes.readUInt16BE(at);
  at += 2;
  return Array.from({ length: count }, () => {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) return null;
    at += length;
    return bytes.subarray(at - length, at).toString('utf8');
  });
}

function textAt(bytes: Buffer, from: number): { readonly text: string; readonly end: number } {
  const end = bytes.indexOf(0, from);
  return { text: bytes.subarray(from, end).toString('utf8'), end: end + 1 };
}
