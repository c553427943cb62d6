// Owns the hooks of tests that must reach nobody: while such a file runs, every HTTP request goes to nock, and afterwards none does. Says nothing itself.
import nock from 'nock';
import { afterAll, afterEach, beforeAll } from 'vitest';

/** For the whole file that calls it. A reply that a test asked nock for and that nobody wanted is forgotten behind that test. */
export function offline(): void {
  beforeAll(() => {
    // Files of one worker share the module, and the one before has ended it.
    if (!nock.isActive()) nock.activate();
    nock.disableNetConnect();
  });
  afterEach(() => nock.cleanAll());
  afterAll(() => {
    nock.enableNetConnect();
    nock.restore();
  });
}

/** For a whole file, behind `offline`: there a reply that nobody wanted is a mistake. */
export function everyReplyWanted(): void {
  afterEach(() => {
    const left = nock.pendingMocks();
    // Nor is it one of the tests behind it.
    nock.cleanAll();
    if (left.length > 0) throw new Error(`never asked for: ${left.join(', ')}`);
  });
}
