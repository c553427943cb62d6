// Owns what a talk in another protocol than plain HTTP is: a WebSocket, a gRPC health check, lines over TCP. One connection each, which is
// closed at its end. Declares no judgement: what was not as it was wanted is said in words.
import type { Secret } from '../model/secret.ts';
import type { CallRecord, CallRequest } from './call.ts';

/** Says whether it is the one that was waited for. Never throws. */
export type Matches = (text: string) => boolean;

/** RFC 6455: the handshake, then a message sent and one waited for, a ping, and the closing handshake. */
export interface WebSocketTalk {
  readonly kind: 'websocket';
  /** Subprotocols that are offered. */
  readonly protocols: readonly string[];
  /** Null: nothing is sent. */
  readonly send: string | Secret | null;
  /** Null: no message is waited for. */
  readonly expect: Matches | null;
}

/** grpc.health.v1.Health/Check over HTTP/2. */
export interface HealthTalk {
  readonly kind: 'grpc-health';
  /** Empty: the server as a whole. */
  readonly service: string;
}

/** What is said over TCP: lines to wait for, and what is sent. */
export interface LinesTalk {
  readonly kind: 'lines';
  readonly turns: readonly ({ readonly send: string | Secret } | { readonly expect: Matches; readonly says: string })[];
}

/** `url`: http for the clear and https for TLS, whatever is spoken over it. */
export interface TalkRequest
  extends Pick<CallRequest, 'url' | 'headers' | 'credentials' | 'endpoint' | 'reach' | 'traceId'> {
  readonly talk: WebSocketTalk | HealthTalk | LinesTalk;
}

/** `http` is null for lines. `body`: the message, the state of the service, or the lines, as they came. */
export interface TalkRecord extends CallRecord {
  /** What was not as it was wanted, though the connection went well; null when all was. It may repeat what the server said. */
  readonly refused: string | null;
}

/**
 * Never rejects for what the world does.
 * @throws UsageError for a URL or header that cannot be sent; its message never repeats a value
 */
export type Talk = (request: TalkRequest, signal: AbortSignal) => Promise<TalkRecord>;
