/**
 * Text of a program or a server without what a terminal would act upon: escape sequences, control characters, and the
 * marks that turn the direction of writing. Lines stay lines; a carriage return begins one.
 */
export function plainText(text: string): string {
  return text.replace(SEQUENCE, '').replace(/\r\n?/g, '\n').replace(CONTROL, '');
}

/** CSI, OSC (up to its end or that of the line), and two-character escapes. */
const SEQUENCE =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b\]|\u009d)[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
