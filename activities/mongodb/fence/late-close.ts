import type { Held } from './held';
export async function openAfterOthers(_held: Held, _freeze: string): Promise<void> {}
