/**
 * Takes these values out of a text, whole and, where one has several lines, line by line; also as JSON writes them, and
 * the password inside an address by itself.
 */
export function hideValues(values: readonly string[]): (text: string) => string {
  const parts = values.flatMap((value) => [
    value,
    ...(value.includes('\n') ? value.split('\n') : []),
    ...passwordOf(value),
  ]);
  const forms = parts
    .filter((part) => part.trim().length >= SHORTEST && !ORDINARY.test(part))
    .flatMap((part) => [part, JSON.stringify(part).slice(1, -1), encodeURIComponent(part), base64(part)]);
  // Longest first, so that a value within another one does not leave the rest of it standing.
  const sorted = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) => sorted.reduce((clean, form) => clean.replaceAll(form, '***'), text);
}

/** Programs tell it without its address: "login of app with ... failed". */
function passwordOf(value: string): readonly string[] {
  const raw = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*?:([^/?#]*)@/i.exec(value)?.[1];
  if (raw === undefined) return [];
  try {
    return [raw, decodeURIComponent(raw)];
  } catch {
    return [raw];
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Shorter values, and these, would blacken ordinary words. */
const SHORTEST = 5;
const ORDINARY = /^(?:false|production|staging|development|localhost|127\.0\.0\.1)$/i;
