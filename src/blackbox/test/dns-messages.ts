// Owns answers of a name server, byte by byte, so that nothing of what is under test makes them.

export interface WireRecord {
  readonly bytes: Buffer;
}

export function record(owner: string, type: number, rdataHex: string, klass = 1, ttl = 60): WireRecord {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(klass, 2);
  head.writeUInt32BE(ttl, 4);
  head.writeUInt16BE(rdataHex.length / 2, 8);
  return { bytes: Buffer.concat([nameOf(owner), head, Buffer.from(rdataHex, 'hex')]) };
}

export function nameOf(text: string): Buffer {
  const labels = text.split('.').filter((label) => label !== '');
  return Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), Buffer.from(label)]), Buffer.of(0)]);
}

/** @param question the bytes behind the header of the query that is answered; none: no question is repeated */
export function messageOf(
  id: number,
  answer: readonly WireRecord[],
  additional: readonly WireRecord[] = [],
  {
    rcode = 0,
    authority = [],
    question = Buffer.alloc(0),
  }: {
    readonly rcode?: number;
    readonly authority?: readonly WireRecord[];
    readonly question?: Buffer;
  } = {},
): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(0x8180 | rcode, 2);
  header.writeUInt16BE(question.length > 0 ? 1 : 0, 4);
  header.writeUInt16BE(answer.length, 6);
  header.writeUInt16BE(authority.length, 8);
  header.writeUInt16BE(additional.length, 10);
  return Buffer.concat([header, question, ...[...answer, ...authority, ...additional].map(({ bytes }) => bytes)]);
}
