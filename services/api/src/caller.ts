import type { ApiToken, TokenScope } from '@flowline/db';
import { tokenScopes } from '@flowline/db';
import { FlowlineError } from '@flowline/events';

/** Rights of a sender: those of a token, or those with which a local process was started. */
type Rights = Pick<ApiToken, 'tokenId' | 'name' | 'scope' | 'detectors'>;

/** Sender of an authenticated request: its token. */
export class Caller {
  readonly token: Rights;
  /** True for the user of a local process, who has no token but the login of the database. */
  readonly isLocal: boolean;

  constructor(token: Rights, isLocal = false) {
    this.token = token;
    this.isLocal = isLocal;
  }

  /** True if the token has a scope, by its own or a greater one. */
  has(scope: TokenScope): boolean {
    return tokenScopes.indexOf(this.token.scope) >= tokenScopes.indexOf(scope);
  }

  /** True if the token is for a detector. */
  mayTouch(detector: string): boolean {
    return this.token.detectors?.includes(detector) ?? true;
  }

  /** @throws FlowlineError FLOWLINE_FORBIDDEN without the scope. */
  requireScope(scope: TokenScope): void {
    if (this.has(scope)) return;
    throw forbidden(
      `The token "${this.token.name}" has the scope ${this.token.scope}; this needs ${scope}.`,
      'Use a token with that scope: `flowline tokens create`.',
    );
  }

  /** @throws FlowlineError FLOWLINE_FORBIDDEN for a detector that the token is not for. */
  requireDetector(detector: string): void {
    if (this.mayTouch(detector)) return;
    throw forbidden(`The token "${this.token.name}" is not for the detector ${detector}.`, 'Use a token for it.');
  }

  /** @throws FlowlineError FLOWLINE_FORBIDDEN if the token is only for some detectors. */
  requireAllDetectors(): void {
    if (this.token.detectors === null) return;
    throw forbidden(
      `The token "${this.token.name}" is only for ${this.token.detectors.join(', ')}.`,
      'Use a token for all detectors.',
    );
  }

  /**
   * Detector by which a list is filtered: the one that is asked for, or the only one of the token;
   * undefined for all.
   * @throws FlowlineError FLOWLINE_FORBIDDEN if the token does not permit the list.
   */
  detectorOfList(asked: string | undefined): string | undefined {
    const { detectors } = this.token;
    if (asked !== undefined) this.requireDetector(asked);
    if (asked !== undefined || detectors === null) return asked;
    const [only] = detectors;
    if (detectors.length === 1) return only;
    throw forbidden(
      `The token "${this.token.name}" is for several detectors, and the list is of all.`,
      `Add ?detector= with one of ${detectors.join(', ')}.`,
    );
  }
}

function forbidden(message: string, remedy: string): FlowlineError {
  return new FlowlineError('FLOWLINE_FORBIDDEN', message, { where: 'the token', remedy });
}
