/** Which kind of server a row is measured on. */
export type Engine = 'postgres' | 'mongodb';

export const ENGINES: readonly Engine[] = ['postgres', 'mongodb'];
