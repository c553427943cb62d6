// Owns the tests of the two messages of gRPC's health checks, against another codec, and with bytes of any kind.
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { healthRequest, servingState } from '../health-message.ts';

const { root } = protobuf.parse(`syntax = "proto3";
  message Asked { string service = 1; }
  message Answer { int32 status = 1; string more = 2; fixed64 eight = 3; fixed32 four = 4; }`);
const [asked, answer] = [root.lookupType('Asked'), root.lookupType('Answer')];
const framed = (bytes: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, bytes.length >> 8, bytes.length & 0xff]), bytes]);

test('another codec reads every name', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: 'grapheme' }), (service) => {
      const bytes = healthRequest(service.toWellFormed());
      expect(bytes.readUInt32BE(1)).toBe(bytes.byteLength - 5);
      expect(asked.decode(bytes.subarray(5)).toJSON()).toEqual(
        service === '' ? {} : { service: service.toWellFormed() },
      );
    }),
  );
});

test.each([
  [{ status: 1 }, 'SERVING'],
  [{ status: 2, more: 'x'.repeat(200), eight: 7, four: 9 }, 'NOT_SERVING'],
  [{}, 'UNKNOWN'],
  [{ status: 99 }, 'UNKNOWN'],
  [{ status: -1 }, 'UNKNOWN'],
])('%j is %s', (message, state) => {
  expect(servingState(framed(answer.encode(message).finish()))).toBe(state);
});

test('bytes of any kind are a state or none, and never an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, isFramed) => {
      const state = servingState(isFramed ? framed(bytes) : bytes);
      expect([null, 'UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']).toContain(state);
    }),
  );
});
