// Owns the cost of reading DNS messages with care, against dns-packet, which trusts them.
import dnsPacket from 'dns-packet';
import { decodeMessage } from '../src/net/dns/message.ts';
import { type Line, median } from './measure.ts';

const MESSAGE = dnsPacket.encode({
  type: 'response',
  id: 1,
  flags: dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE,
  questions: [{ type: 'A', name: 'www.kms.example' }],
  answers: [
    { type: 'CNAME', name: 'www.kms.example', ttl: 60, data: 'kms.example' },
    ...[1, 2, 3].map((last) => ({ type: 'A' as const, name: 'kms.example', ttl: 60, data: `192.0.2.${last}` })),
  ],
  authorities: ['ns1', 'ns2'].map((name) => ({
    type: 'NS' as const,
    name: 'kms.example',
    data: `${name}.kms.example`,
  })),
  additionals: ['ns1', 'ns2'].map((name) => ({ type: 'A' as const, name: `${name}.kms.example`, data: '192.0.2.53' })),
});
const BATCHES = 21;
const BATCH = 2_000;

export async function* decoder(): AsyncGenerator<Line> {
  const batchUs = (decode: () => unknown): number => {
    const startMs = performance.now();
    for (let message = 0; message < BATCH; message++) decode();
    return ((performance.now() - startMs) * 1000) / BATCH;
  };
  const seen: { readonly ours: number[]; readonly theirs: number[] } = { ours: [], theirs: [] };
  for (let batch = 0; batch < BATCHES; batch++) {
    seen.ours.push(batchUs(() => decodeMessage(MESSAGE)));
    seen.theirs.push(batchUs(() => dnsPacket.decode(MESSAGE)));
  }
  const [ours, theirs] = [median(seen.ours), median(seen.theirs)];
  yield { name: 'DNS decoder, 8 records', ours, theirs, unit: 'µs', against: 'dns-packet', target: 'none' };
}
