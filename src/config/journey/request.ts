// Owns the keys of the request that every sample of the ride sends: method, headers, body.
import { z } from 'zod';
import { Secret } from '../../model/secret.ts';
import { bytesOf, bytesOfPieces, jsonPieces, secretOf, secretPieces } from '../../net/call/secret-text.ts';
import type { JourneyPart, Text } from './part.ts';
import { textSchema } from './text-schema.ts';

/** RFC 9110 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const requestSchema = z
  .strictObject({
    method: z
      .string()
      .regex(/^[A-Z]{1,20}$/, 'a method is written in capitals, for example GET')
      .optional(),
    headers: z.record(z.string().regex(TOKEN, 'not a header name (RFC 9110 5.6.2)'), textSchema).optional(),
    /** As it is sent. */
    body: textSchema.optional(),
    /** Sent as JSON, with its content type unless another is given. */
    json: z.unknown().optional(),
  })
  .refine(({ body, json }) => body === undefined || json === undefined, 'give one of body, json');

export const requestPart: JourneyPart = {
  schemas: () => Promise.resolve({ request: requestSchema }),
  read({ request }) {
    if (request === undefined) return {};
    const { method, headers = {}, body, json } = request as z.infer<typeof requestSchema>;
    const given = Object.entries(headers).map(([name, value]) => [name, secretOf(value, `header ${name}`)] as const);
    const isTyped = given.some(([name]) => name.toLowerCase() === 'content-type');
    const typed =
      json === undefined || isTyped ? [] : [['content-type', new Secret('header content-type', JSON_TYPE)] as const];
    return {
      request: {
        ...(method === undefined ? {} : { method }),
        headers: [...typed, ...given],
        ...bodyOf(body, json),
      },
    };
  },
};

function bodyOf(body: Text | undefined, json: unknown): { readonly body?: Uint8Array } {
  if (body !== undefined) return { body: bytesOf(body) };
  if (json === undefined) return {};
  const pieces = jsonPieces(json, (text) => secretPieces(text, 'json'));
  return { body: bytesOfPieces(pieces) };
}

const JSON_TYPE = 'application/json';
