// Owns the step from a target that a caller names to one that may be ridden: looked up once, held to the policy and to the addresses that it allowed.
// Gives it nothing of the config.
import { NotAllowed } from '../blackbox/failure.ts';
import { parseTarget } from '../model/target.ts';
import { UsageError } from '../model/usage-error.ts';
import type { AddressPolicy } from './address-policy.ts';
import type { Ridden } from './riding.ts';

export interface Strangers {
  /**
   * With nothing of the config, to these addresses alone: what the name may mean next is not asked.
   * @param options of the command line, by their names in the program
   * @throws UsageError
   */
  readonly strange: (
    target: string,
    addresses: readonly string[],
    options: Readonly<Record<string, unknown>>,
  ) => Promise<Ridden>;
  /** Every address of a name. */
  readonly resolve: (name: string, signal: AbortSignal) => Promise<readonly string[]>;
  readonly allows: AddressPolicy;
}

/** The policy says no. */
export class NotPermitted extends UsageError {}

/** A name that means another address a moment later (DNS rebinding) gains nothing. @throws UsageError, NotPermitted */
export async function strangerOf(
  target: string,
  options: Readonly<Record<string, unknown>>,
  { resolve, allows, strange }: Strangers,
  signal: AbortSignal,
): Promise<Ridden> {
  const { host, isAddress } = parseTarget(target);
  const addresses = isAddress ? [host] : await resolve(host, signal).catch(refusedAlone);
  if (addresses.length === 0) throw new UsageError(`${host} has no address`);
  for (const address of addresses) {
    const because = allows(address, host);
    if (because !== null) throw new NotPermitted(because);
  }
  return strange(target, addresses, options);
}

/** Why a name has no address is nobody's business; that it may not be followed is the caller's. */
function refusedAlone(error: unknown): readonly string[] {
  if (error instanceof NotAllowed) throw new NotPermitted(error.message);
  return [];
}
