import { assertNever } from '../../../src/core/assert-never';
import type { FenceSpec } from '../../../src/core/freeze-args';
import type { Fence } from './fence';
import type { FenceGround } from './ground';
import { hookFence } from './hook';
import { roleFence } from './role';
import { validatorFence } from './validator';
import { writeBlockFence } from './write-block';

export function fenceOf(spec: FenceSpec, ground: FenceGround): Fence {
  switch (spec.mechanism) {
    case 'role':
      return roleFence(ground);
    case 'validator':
      return validatorFence(ground);
    case 'write-block':
      return writeBlockFence(ground);
    case 'hook':
      return hookFence(ground, spec);
    default:
      return assertNever(spec, 'The mechanism of the fence');
  }
}
