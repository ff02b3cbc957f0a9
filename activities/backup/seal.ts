/** Captured before the first change: where a drill, and whoever restores, finds this step's backups. */
export interface BackupLocation {
  readonly [key: string]: string;
  readonly store: string;
}

/** Captured when a backup is whole: a manifest that was changed afterwards is not believed. */
export interface BackupSeal {
  readonly [key: string]: string;
  readonly sha256: string;
}

/** The name under which the seal of the step's n-th backup is captured. */
export function sealName(n: number): string {
  return `manifest-${n}`;
}
