/** Closes a union: adding a member turns every place red that has not answered for it. */
export function assertNever(value: never, what: string): never {
  throw new Error(`${what} is not one that this version knows: ${JSON.stringify(value)}`);
}
