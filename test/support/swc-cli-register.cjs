/** swc-register, and `import('./x.js')` of a source file finds `x.ts`: for processes that run the whole CLI from sources. */
require('./swc-register.cjs');
const { existsSync } = require('node:fs');
const { dirname, resolve } = require('node:path');
const Module = require('node:module');

const original = Module._resolveFilename;
Module._resolveFilename = function (request, parent, ...rest) {
  if (request.startsWith('.') && request.endsWith('.js') && parent?.filename?.endsWith('.ts')) {
    const source = resolve(dirname(parent.filename), request.replace(/\.js$/, '.ts'));
    if (existsSync(source)) return source;
  }
  return original.call(this, request, parent, ...rest);
};
