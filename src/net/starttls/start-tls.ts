// Owns turning a connection in the clear to the point where the TLS handshake may begin. Sends no name and no password of anybody.
import type { Socket } from 'node:net';
import { problem } from '../../model/problem.ts';
import type { Starttls } from '../../model/target.ts';
import { wireText } from '../../model/text.ts';
import { runStep, StepFailure } from '../sample/step.ts';
import { ldap, mysql, postgres, xmpp } from './binary-protocols.ts';
import { type Dialogue, openDialogue } from './dialogue.ts';
import { ftp, imap, nntp, pop3, sieve, smtp } from './line-protocols.ts';

export interface StartTlsOptions {
  readonly protocol: Starttls;
  /** The name that is asked for; XMPP says it in the clear. */
  readonly host: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Leaves the socket silent and unread, ready for `tls.connect({ socket })`. @throws StepFailure */
export function startTls(socket: Socket, options: StartTlsOptions): Promise<void> {
  const { timeoutMs, signal } = options;
  // A port that speaks TLS from the first byte waits for us as we wait for it.
  const missing = wireText(`it did not come as far as STARTTLS in ${options.protocol}`);
  return runStep<void>({ step: 'tls', timeoutMs, onTimeout: 'tls-timeout', missing, signal }, (done, fail) => {
    const dialogue = openDialogue(socket);
    const converse = async (): Promise<void> => {
      try {
        await speak(dialogue, socket, options);
        dialogue.close();
        done();
      } catch (error) {
        // What is thrown here that is no failure of the other side is a fault of ours, told as such.
        fail(error instanceof StepFailure ? error.problem : problem('internal', 'tls'));
      }
    };
    void converse();
  });
}

function speak(dialogue: Dialogue, socket: Socket, { protocol, host }: StartTlsOptions): Promise<void> {
  switch (protocol) {
    case 'smtp':
      return smtp(dialogue, 'EHLO', literalOf(socket));
    case 'lmtp':
      return smtp(dialogue, 'LHLO', literalOf(socket));
    case 'imap':
      return imap(dialogue);
    case 'pop3':
      return pop3(dialogue);
    case 'ftp':
      return ftp(dialogue);
    case 'ldap':
      return ldap(dialogue);
    case 'postgres':
      return postgres(dialogue);
    case 'mysql':
      return mysql(dialogue);
    case 'xmpp':
      return xmpp(dialogue, 'client', host);
    case 'xmpp-server':
      return xmpp(dialogue, 'server', host);
    case 'nntp':
      return nntp(dialogue);
    case 'sieve':
      return sieve(dialogue);
  }
}

/** RFC 5321 4.1.3. */
function literalOf({ localAddress = '127.0.0.1' }: Socket): string {
  return localAddress.includes(':') ? `[IPv6:${localAddress}]` : `[${localAddress}]`;
}
