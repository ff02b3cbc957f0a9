/** What global-setup.ts started. */
export interface TestServers {
  readonly temporal: string;
  readonly superuserUrl: string;
  readonly clients: string;
}

export function testServers(): TestServers {
  return {
    temporal: required('CUTOVER_TEST_TEMPORAL'),
    superuserUrl: required('CUTOVER_TEST_POSTGRES'),
    clients: required('CUTOVER_TEST_CLIENTS'),
  };
}

function required(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(
      `${name} is not set: run this test by \`npx jest --selectProjects integration\`, whose global setup starts the servers.`,
    );
  return value;
}
