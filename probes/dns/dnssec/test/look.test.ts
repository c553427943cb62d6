import type { Answer } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import type { DnsRecord } from '../../../../src/contract/net.ts';
import { type Asked, OPT, type Respond, reply } from '../../../../src/net/dns/test/servers.ts';
import { play } from '../../test/scene.ts';
import { Type } from '../records.ts';
import { DAY, type Entry, makeKey, nsecData, type Signing, signedSet } from './signer.ts';

/** Scenes are played at the beginning of 1970. */
const NOW: Signing = { from: -DAY, until: DAY };
const root = makeKey('Ed25519');
const anchor = `. IN DNSKEY 257 3 15 ${root.data.subarray(4).toString('base64')}`;
const numbers: Readonly<Record<string, number>> = Type;

const signedBy = (entry: Entry): Answer[] => signedSet('.', root, entry, NOW).map(asAnswer);

function asAnswer(record: DnsRecord): Answer {
  if (record.type !== 'other') throw new Error(`not for this test: ${record.type}`);
  const name = record.name as unknown as string;
  const data = Buffer.from(record.rdataHex, 'hex');
  return { type: `UNKNOWN_${numbers[record.typeName]}`, name, ttl: 60, data } as unknown as Answer;
}

const keys = signedBy({ owner: '.', type: Type.DNSKEY, data: [root.data] });
const unsigned = signedBy({ owner: 'example', type: Type.NSEC, data: [nsecData('f', [Type.NS, Type.NSEC])] });
const DO = { ...OPT, flags: 0x8000, flag_do: true } as Answer;

/** A resolver with a signed root; what stands below is the case's. */
const resolver =
  (below: Respond, rootKeys: readonly Answer[] = keys): Respond =>
  (asked) =>
    (asked.name === '.' || asked.name === '') && asked.type === 'DNSKEY'
      ? reply(asked, { answers: [...rootKeys], additionals: [DO] })
      : below(asked);

async function look(name: string, respond: Respond) {
  const asked: Asked[] = [];
  const { attempt } = await play({
    name,
    resolver: (one) => {
      asked.push(one);
      return respond(one);
    },
    authorities: {},
    options: { trustAnchor: anchor, policyQueries: 0, authorityPort: 1 },
  });
  if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
  const { dnssec, dnssecDetail } = attempt.value;
  return { dnssec, reason: dnssecDetail?.reason, questions: dnssecDetail?.questions, asked };
}

const refuse: Respond = (asked) => reply(asked, { rcode: 'REFUSED' });

describe('what the resolver is asked', () => {
  test('one question where it gives no signatures', async () => {
    const found = await look('kms.example', resolver(refuse, keys.slice(0, 1)));
    expect(found).toMatchObject({ dnssec: 'not-checked', reason: 'no-signatures', questions: 1 });
  });

  test('down to the proof that a zone is not signed, and no keys below it', async () => {
    const found = await look(
      'www.kms.example',
      resolver((asked) => {
        const proof = asked.type === 'DS' && asked.name === 'example' ? unsigned : [];
        const a: Answer[] = asked.type === 'A' ? [{ type: 'A', name: asked.name, ttl: 60, data: '192.0.2.1' }] : [];
        return reply(asked, { answers: a, authorities: proof, additionals: [DO] });
      }),
    );
    // DNSKEY of the root, A and AAAA, DS of three names.
    expect(found).toMatchObject({ dnssec: 'insecure', reason: 'unsigned-delegation', questions: 6 });
    expect(found.asked.filter(({ type }) => type === 'DNSKEY')).toHaveLength(1);
  });

  test('no more than allowed, however long the name', async () => {
    const name = `${Array.from({ length: 60 }, (_, index) => `a${index}`).join('.')}.example`;
    const found = await look(name, resolver(refuse));
    expect(found).toMatchObject({ dnssec: 'not-checked', reason: 'resolver-failed' });
    expect(found.questions).toBeLessThanOrEqual(24);
  });
});
