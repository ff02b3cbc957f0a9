/** Every export of this file becomes a workflow type: nothing else may be exported here. */
export { cutover } from './cutover';
export { doctor } from './doctor';
export { getKnobs } from './get-knobs';
export { inspect } from './inspect';
export { previewLive } from './preview-live';
export { release } from './release';
export { restore } from './restore';
export { setKnobs } from './set-knobs';
