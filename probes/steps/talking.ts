// Owns steps that are no plain HTTP requests: WebSockets, gRPC health checks, lines over TCP. Says what is wanted; src/net does it.
import type { TalkRequest } from '../../src/contract/talk.ts';
import { written } from '../../src/net/call/secret-text.ts';
import type { StepSource } from './options.ts';
import { patternOf } from './pattern.ts';
import { type Captures, piecesOf } from './template.ts';

/** Null for an HTTP request. */
export function talkOf({ websocket, grpcHealth, lines }: StepSource, captures: Captures): TalkRequest['talk'] | null {
  const filled = (text: Parameters<typeof piecesOf>[0]) => written(piecesOf(text, captures, 'raw'), 'message');
  const matching = (source: string) => {
    const pattern = patternOf(source);
    return (text: string): boolean => pattern.found(text);
  };
  if (websocket !== undefined) {
    const { send, expect, protocols = [] } = websocket;
    return {
      ...{ kind: 'websocket', protocols },
      send: send === undefined ? null : filled(send),
      expect: expect === undefined ? null : matching(expect),
    };
  }
  if (grpcHealth !== undefined) return { kind: 'grpc-health', service: grpcHealth.service ?? '' };
  if (lines === undefined) return null;
  const turns = lines.map(({ send, expect = '' }) =>
    send === undefined ? { expect: matching(expect), says: `"${expect}"` } : { send: filled(send) },
  );
  return { kind: 'lines', turns };
}
