// Owns what a client asks of a server before it sends anything that must be protected: a chain that is trusted, for this very name.
import { checkServerIdentity, type TLSSocket } from 'node:tls';
import { problem } from '../../model/problem.ts';
import { wireText } from '../../model/text.ts';
import { StepFailure } from './step.ts';

/** Why the server's certificate does not vouch for the name, in OpenSSL's or Node's words; null when it does. */
export function distrustOf(socket: TLSSocket, name: string): string | null {
  const error = socket.authorized ? checkServerIdentity(name, socket.getPeerCertificate()) : socket.authorizationError;
  if (error === undefined || error === null) return null;
  return error instanceof Error ? error.message : String(error);
}

/** A client refuses such a server before it sends anything; so does this one when there is something to protect. @throws StepFailure */
export function refuseUnverified(socket: TLSSocket, name: string): void {
  const words = distrustOf(socket, name);
  if (words !== null) throw new StepFailure(problem('withheld', 'send', wireText(words)));
}
