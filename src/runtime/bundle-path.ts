import { basename, join } from 'node:path';

/** The same answers from the sources (under jest) and from lib. */
const top = join(__dirname, '..', '..');

/** Where the built workflow bundle lies. */
export const BUNDLE_PATH = join(basename(top) === 'lib' ? top : join(top, 'lib'), 'workflow-bundle.js');
export const WORKFLOWS_PATH = join(top, 'workflows');
export const PAYLOAD_CONVERTER_PATH = require.resolve('./payload-converter');
