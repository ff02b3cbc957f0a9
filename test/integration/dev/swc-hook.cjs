// Lets `node -r` run the sources as jest does, for a process that a test kills.
const { readFileSync } = require('node:fs');
const { transformSync } = require('@swc/core');

require.extensions['.ts'] = (module, filename) => {
  module._compile(transformSync(readFileSync(filename, 'utf8'), { filename, sourceMaps: false }).code, filename);
};
