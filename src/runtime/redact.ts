/**
 * Takes out of a text what must not leave the worker: the values of secrets that were ever resolved in this process,
 * credentials in addresses, and what follows `password=` and its like. Every error that leaves an activity and every
 * log line goes through it. Built to take out too much rather than too little.
 */
export function redact(text: string): string {
  let clean = text;
  for (const value of known) clean = clean.replaceAll(value, MASK);
  return clean
    .replace(USERINFO, `$1${MASK}@`)
    .replace(ASSIGNED, (_all, name: string, value: string) => `${name}${masked(name, value)}`)
    .replace(BEARER, `$1 ${MASK}`)
    .replace(PRIVATE_KEY, `$1${MASK}$2`);
}

/** From now on `redact` finds this value, as it is and as it looks inside an address or a JSON text. */
export function rememberSecret(value: string): void {
  for (const part of [value, ...passwordOf(value)]) {
    if (part.length < SHORTEST) continue;
    const forms = [
      part,
      JSON.stringify(part).slice(1, -1),
      encodeURIComponent(part),
      Buffer.from(part).toString('base64'),
    ];
    for (const form of forms) known.add(form);
  }
  // Longest first, so that a secret within another one does not leave the rest of it standing.
  const sorted = [...known].sort((a, b) => b.length - a.length);
  known.clear();
  for (const form of sorted) known.add(form);
}

/** Quoted as it was, so that a line of JSON stays one. */
function masked(name: string, value: string): string {
  const quote = /^(?:\\?["']|)/.exec(value)?.[0] || (/(\\?")\s*:\s*$/.exec(name)?.[1] ?? '');
  return `${quote}${MASK}${quote}`;
}

/** The password inside a connection string, written out and decoded. */
function passwordOf(value: string): readonly string[] {
  const userinfo = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*?:([^/?#]*)@/i.exec(value)?.[1];
  const parameter = /(?:^|[\s?&;])password\s*=\s*([^\s&;]+)/i.exec(value)?.[1];
  return [userinfo, parameter].flatMap((raw) => (raw === undefined ? [] : [raw, decoded(raw)]));
}

function decoded(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}

const MASK = '***';
/** Shorter values would blacken ordinary words. */
const SHORTEST = 5;
const known = new Set<string>();
const USERINFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'@]*(?:@[^\s/?#"'@]*)*@/gi;
const ASSIGNED =
  /((?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key)\\?["']?\s*[=:]\s*)('[^']*'|\\"[^"\\]*\\"|"(?:[^"\\]|\\.)*"|[^\s"',;&)}\]\\]+)/gi;
const BEARER = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;
const PRIVATE_KEY = /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----)/g;
