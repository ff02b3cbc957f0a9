/** Every export of this file becomes a workflow type: nothing else may be exported here. */
export { cutover } from './cutover';
export { inspect } from './inspect';
export { release } from './release';
