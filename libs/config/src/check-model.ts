import { fittedFamilies } from './detector-definition.ts';
import type { DetectorDocument } from './detector-document.ts';
import type { Report } from './finding.ts';

type WrittenModel = NonNullable<DetectorDocument['spec']['model']>;

const DEFAULT_FAMILY = 'realNVP';

/**
 * Checks that a model names its families once, and that one of them takes the base. The default
 * family may be written beside members that name theirs, as a definition with all defaults has it.
 */
export function checkModel(model: WrittenModel | undefined, report: Report): void {
  const { family = DEFAULT_FAMILY, members = 1, base = 'normal' } = model ?? {};
  const at = ['spec', 'model'];
  if (typeof members !== 'number' && family !== DEFAULT_FAMILY) {
    report([...at, 'family'], `found ${family} beside members that name their families`, 'leave family out');
    return;
  }
  if (base === 'normal') return;
  const families = typeof members === 'number' ? [family] : members;
  if (families.includes('auto')) {
    report([...at, 'base'], 'auto chooses the base, too', 'leave base out, or name a family such as realNVP');
  } else if (families.every(isFitted)) {
    const one = [...new Set(families)].join(' and ');
    report([...at, 'base'], `${one}: fitted without a flow`, 'leave base out, or name a flow such as realNVP');
  }
}

const isFitted = (family: string): boolean => (fittedFamilies as readonly string[]).includes(family);
