// Owns what an error of a DNS socket means and whose fault it is. Never blames a server for what this machine lacks.
import { type Problem, type ProblemCode, problem } from '../../model/problem.ts';
import { familyOf } from '../../model/target.ts';
import { type IpAddress, wireText } from '../../model/text.ts';

/** `open`: before anything was sent, so that the kernel of this machine refused. `sent`: the network or the server answered so. */
export type SocketMoment = 'open' | 'sent';

/** Names as in errno(3). */
export function socketProblem(error: Error, server: IpAddress, moment: SocketMoment): Problem {
  const errno = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return problem(codeOf(errno, server, moment), 'resolve', wireText(errno));
}

function codeOf(errno: string, server: IpAddress, moment: SocketMoment): ProblemCode {
  switch (errno) {
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOBUFS':
    case 'ENOMEM':
    case 'EADDRINUSE':
      return 'no-descriptors';
    case 'EACCES':
    case 'EPERM':
      return 'denied';
    case 'EAFNOSUPPORT':
    case 'EADDRNOTAVAIL':
    case 'ENETUNREACH':
      // A connect that fails at once means that this machine has no route; later it is a router's ICMP message.
      if (moment === 'sent') return 'dns-unreachable';
      return familyOf(server) === 6 ? 'no-ipv6' : 'no-route';
    default:
      return 'dns-unreachable';
  }
}
