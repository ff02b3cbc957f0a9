/**
 * How long a test, or a hook, of the projects that start servers may take when it says nothing itself. Jest takes
 * `testTimeout` of the command line and of the whole configuration, not of one project, and its own 5 s are over on a
 * machine with two busy cores before a server has done what it was asked.
 */
jest.setTimeout(60_000);
