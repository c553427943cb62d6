// Owns what the server's first flight adds up to: a choice, a refusal, or neither. Never sends, never waits.
import type { HelloChoice, HelloReply } from '../../contract/hello.ts';
import {
  readCertificateRequest,
  readCertificates,
  readKeyExchange,
  readServerHello,
  readStatus,
  readTicketKeyName,
} from './messages.ts';
import { MalformedFlight } from './octets.ts';
import { type Heard, recordReader } from './records.ts';
import { alertName } from './registry.ts';

const SERVER_HELLO = 2;
const NEW_SESSION_TICKET = 4;
const CERTIFICATE = 11;
const SERVER_KEY_EXCHANGE = 12;
const CERTIFICATE_REQUEST = 13;
const SERVER_HELLO_DONE = 14;
const CERTIFICATE_STATUS = 22;

export interface FlightReader {
  /** True when all that belongs to the answer is there. @throws MalformedFlight for bytes that are no answer */
  push(bytes: Buffer): boolean;
  /** What is known so far: null when neither a choice nor a refusal has come. */
  reply(): HelloReply | null;
}

export function flightReader(): FlightReader {
  let choice: HelloChoice | null = null;
  let alert: number | null = null;
  let done = false;
  const hear = (heard: Heard): boolean => {
    if (heard.kind === 'message') {
      choice = choice === null ? beginning(heard.type, heard.body) : further(choice, heard.type, heard.body);
      done = choice.whole;
    } else if (heard.kind === 'alert') {
      alert = heard.description;
      done = true;
    } else {
      // What is encrypted follows only upon a ServerHello.
      if (choice === null) throw new MalformedFlight('encrypted before a ServerHello');
      choice = { ...choice, whole: true };
      done = true;
    }
    return !done;
  };
  const reader = recordReader(hear);
  return {
    push(bytes) {
      reader.push(bytes);
      return done;
    },
    // An alert behind a ServerHello does not undo what was chosen: the hello was understood.
    reply() {
      if (choice !== null) return { kind: 'chosen', choice };
      return alert === null ? null : { kind: 'refused', alert, alertName: alertName(alert) };
    },
  };
}

/** @throws MalformedFlight */
function beginning(type: number, body: Buffer): HelloChoice {
  if (type !== SERVER_HELLO) throw new MalformedFlight('the answer does not begin with a ServerHello');
  const choice = readServerHello(body);
  // Behind it TLS 1.3 is encrypted.
  return choice.version === 'TLSv1.3' || choice.retry ? { ...choice, whole: true } : choice;
}

/** @throws MalformedFlight */
function further(choice: HelloChoice, type: number, body: Buffer): HelloChoice {
  switch (type) {
    case CERTIFICATE:
      return { ...choice, certificates: readCertificates(body) };
    case CERTIFICATE_STATUS:
      return { ...choice, staple: readStatus(body) };
    case SERVER_KEY_EXCHANGE:
      return { ...choice, ...readKeyExchange(body, choice.cipher) };
    case CERTIFICATE_REQUEST:
      return { ...choice, clientAuthorities: readCertificateRequest(body, choice.version) };
    case NEW_SESSION_TICKET:
      return { ...choice, ticketKeyName: readTicketKeyName(body) };
    case SERVER_HELLO_DONE:
      return { ...choice, whole: true };
    default:
      return choice;
  }
}
