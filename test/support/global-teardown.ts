import { closeAll } from '../../src/dev/on-exit';

export default async function tearDown(): Promise<void> {
  await closeAll();
}
