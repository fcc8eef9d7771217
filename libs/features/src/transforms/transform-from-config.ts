import { asinh } from './asinh.ts';
import { identity } from './identity.ts';
import { integer } from './integer.ts';
import { log } from './log.ts';
import { positive } from './positive.ts';
import type { Transform, TransformConfig } from './transform.ts';
import { unit } from './unit.ts';

/** Rebuilds a transform from its config, the same bit for bit. */
export function transformFromConfig(config: TransformConfig): Transform {
  switch (config.type) {
    case 'identity':
      return identity();
    case 'integer':
      return integer();
    case 'asinh':
      return asinh();
    case 'log':
      return log(config.floor);
    case 'positive':
      return positive(config);
    case 'unit':
      return unit(config.epsilon);
  }
}
