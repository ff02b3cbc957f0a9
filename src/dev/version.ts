/** The numbers of a version text: "temporal version 1.8.2 (…)" -> [1, 8, 2]; undefined when there are none. */
export function parseVersion(text: string): readonly number[] | undefined {
  const found = /\d+(\.\d+)+/.exec(text)?.[0];
  return found?.split('.').map(Number);
}

/** Whether `version` is `floor` or newer; missing places count as 0. */
export function atLeast(version: readonly number[], floor: readonly number[]): boolean {
  for (let place = 0; place < Math.max(version.length, floor.length); place++) {
    const difference = (version[place] ?? 0) - (floor[place] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
