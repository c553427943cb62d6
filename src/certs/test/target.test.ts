// What a person may point `probe certs` at, and what is said of the rest.
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../model/usage-error.ts';
import { parseCertTarget } from '../target.ts';

const readable: readonly (readonly [input: string, url: string, host: string, starttls?: string])[] = [
  ['kms.example', 'tls://kms.example:443', 'kms.example'],
  ['KMS.Example.', 'tls://kms.example:443', 'kms.example'],
  ['kms.example:8443', 'tls://kms.example:8443', 'kms.example'],
  ['https://kms.example/path?q=1#f', 'tls://kms.example:443', 'kms.example'],
  ['https://kms.example:8443/', 'tls://kms.example:8443', 'kms.example'],
  ['192.0.2.1', 'tls://192.0.2.1:443', '192.0.2.1'],
  ['192.0.2.1:25', 'smtp://192.0.2.1:25', '192.0.2.1', 'smtp'],
  ['2001:DB8::1', 'tls://[2001:db8::1]:443', '2001:db8::1'],
  ['[2001:db8::1]:993', 'tls://[2001:db8::1]:993', '2001:db8::1'],
  ['smtp://[2001:db8::1]', 'smtp://[2001:db8::1]:25', '2001:db8::1', 'smtp'],
  ['mail.example:587', 'smtp://mail.example:587', 'mail.example', 'smtp'],
  ['submission://mail.example', 'smtp://mail.example:587', 'mail.example', 'smtp'],
  ['smtps://mail.example', 'tls://mail.example:465', 'mail.example'],
  ['imap://mail.example', 'imap://mail.example:143', 'mail.example', 'imap'],
  ['imap://mail.example:1430', 'imap://mail.example:1430', 'mail.example', 'imap'],
  ['postgresql://db.example/app', 'postgres://db.example:5432', 'db.example', 'postgres'],
  ['xmpp-server://chat.example', 'xmpp-server://chat.example:5269', 'chat.example', 'xmpp-server'],
  ['tls://mail.example:25', 'tls://mail.example:25', 'mail.example'],
  ['bücher.example', 'tls://xn--bcher-kva.example:443', 'xn--bcher-kva.example'],
];

const refused: readonly (readonly [input: string, words: RegExp])[] = [
  ['', /empty/],
  ['  ', /empty/],
  ['gopher://kms.example', /gopher/],
  ['https://user:secret@kms.example', /^no user name/],
  ['kms.example:0', /not a name/],
  ['kms.example:99999', /not a name/],
  ['kms.example:https', /not a name/],
  ['[kms.example]:443', /in brackets/],
  ['010.0.0.1', /not an address/],
  ['kms example', /not a host name/],
  ['-kms.example', /not a host name/],
  [`${'a'.repeat(64)}.example`, /not a host name/],
];

describe('parseCertTarget', () => {
  test.each(readable)('%s', (input = '', url = '', host = '', starttls) => {
    const target = parseCertTarget(input);
    expect({ url: target.url, host: target.host, starttls: target.starttls }).toEqual({ url, host, starttls });
    expect(target.isAddress).toBe(/^[\d.]+$|:/.test(host));
  });

  test.each(refused)('refuses "%s"', (input, words) => {
    expect(() => parseCertTarget(input)).toThrow(UsageError);
    expect(() => parseCertTarget(input)).toThrow(words);
  });

  test('a world with another port', () => {
    expect(parseCertTarget('kms.example', 8443).port).toBe(8443);
    expect(parseCertTarget('https://kms.example', 8443).port).toBe(443);
  });
});
