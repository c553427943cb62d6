// Owns the rules for certificates that few programs enforce: RFC 5280 4 and the CA/Browser Forum's (CABF BR). Refuses nothing.
import { matches, visible, type WireText } from '../model/text.ts';
import { type Certificate, loaded } from './certificate.ts';
import type { Place } from './certificate-faults.ts';
import { attributeValues } from './distinguished-name.ts';
import { extension, keyUsageBit, usage } from './extensions.ts';
import type { Fault } from './fault.ts';
import { type GeneralName, nameForm } from './general-names.ts';

/** Rule, and whether it is broken. */
type Rule = readonly [string, boolean];

export function blemishesOf(certificate: Certificate, place: Place): readonly Fault[] {
  if (certificate.unread.includes('certificate')) return [];
  const rules: readonly Rule[] = [
    ...formRules(certificate, place),
    ...keyIdRules(certificate, place),
    ...criticalRules(certificate, place),
    ...(place === 'leaf' ? leafRules(certificate) : issuerRules(certificate, place)),
  ];
  const broken = rules.filter(([, isBroken]) => isBroken);
  const { fingerprint } = certificate;
  return [
    ...broken.map(([rule]) => ({ code: 'profile', certificate: fingerprint, detail: rule, about: null }) as const),
    ...(place === 'leaf' ? [...commonNameOutside(certificate), ...caAsLeaf(certificate)] : []),
  ];
}

function isSelfIssued({ subject, issuer }: Certificate): boolean {
  return subject !== null && subject.key === issuer?.key;
}

function formRules(certificate: Certificate, place: Place): readonly Rule[] {
  const { version, serialHex, issuer, subject, extensions, timesInForm } = certificate;
  const { type, bits } = loaded(certificate).key;
  // Roots were made when rules were others; their serial numbers name nothing to anybody.
  const serial = place === 'anchor' ? '01' : serialHex;
  return [
    ['it is of version 3 (CABF BR 7.1.1)', place !== 'anchor' && version !== 3],
    ['its serial number is positive (RFC 5280 4.1.2.2)', /^(00)*$/.test(serial) || /^[89a-f]/.test(serial)],
    ['its serial number has at most 20 octets (RFC 5280 4.1.2.2)', serial.replace(/^00/, '').length > 40],
    ['its times are UTCTime through 2049 and GeneralizedTime after (RFC 5280 4.1.2.5)', !timesInForm],
    ['its issuer has a name (RFC 5280 4.1.2.4)', issuer?.key === ''],
    ['a CA has a name (RFC 5280 4.1.2.6)', subject?.key === '' && (place !== 'leaf' || extensions.isCa)],
    ['the length of its RSA key is divisible by 8 (CABF BR 6.1.5)', type === 'rsa' && (bits ?? 0) % 8 !== 0],
    ['every extension can be read (RFC 5280 4.2)', extensions.unreadable.length > 0],
  ];
}

function keyIdRules(certificate: Certificate, place: Place): readonly Rule[] {
  const { authorityKeyId: authority, subjectKeyId } = certificate.extensions;
  const own = isSelfIssued(certificate);
  const keyId = authority?.keyId ?? null;
  const namesMore = authority !== null && (authority.hasIssuer || authority.hasSerial);
  return [
    ['it names the key of its issuer (RFC 5280 4.2.1.1)', place !== 'anchor' && !own && keyId === null],
    ['the key of its issuer is named by its hash (CABF BR 7.1.2.11.1)', authority !== null && keyId === null],
    ['it names its issuer by key only (CABF BR 7.1.2.11.1)', place === 'anchor' && namesMore],
    [
      'a root names itself as its issuer (RFC 5280 4.2.1.1)',
      place === 'anchor' && own && keyId !== null && keyId !== (subjectKeyId ?? keyId),
    ],
    ['a CA has a key identifier (RFC 5280 4.2.1.2)', place !== 'leaf' && subjectKeyId === null],
  ];
}

function criticalRules({ extensions, subject }: Certificate, place: Place): readonly Rule[] {
  const { critical, basic } = extensions;
  const altNames = critical.get(extension.subjectAltName);
  return [
    ['policy constraints are critical (RFC 5280 4.2.1.11)', critical.get(extension.policyConstraints) === false],
    ['alternative names are critical without a subject (RFC 5280 4.2.1.6)', subject?.key === '' && altNames === false],
    [
      'alternative names are not critical beside a subject (CABF BR 7.1.2.7.12)',
      subject?.key !== '' && altNames === true,
    ],
    [
      'a CA says so critically (RFC 5280 4.2.1.9)',
      place !== 'leaf' && basic?.ca === true && !critical.get(extension.basicConstraints),
    ],
  ];
}

function issuerRules({ extensions }: Certificate, place: Place): readonly Rule[] {
  const { permitted = [], excluded = [] } = extensions.nameConstraints ?? {};
  const constrained = [...permitted, ...excluded];
  const isDotted = ({ form, value }: GeneralName): boolean => form === nameForm.dns && value.startsWith('.');
  return [
    ['a root says that it is a CA (RFC 5280 4.2.1.9)', extensions.basic === null],
    ['constraints on hosts begin with no dot (RFC 5280 4.2.1.10)', constrained.some(isDotted)],
    [
      'a root has no extended key usage (CABF BR 7.1.2.1.2)',
      place === 'anchor' && extensions.extendedKeyUsage !== null,
    ],
  ];
}

function leafRules({ extensions }: Certificate): readonly Rule[] {
  const { keyUsage, isCa, extendedKeyUsage, critical, nameConstraints, names } = extensions;
  const signs = keyUsage?.has(keyUsageBit.keyCertSign) ?? false;
  return [
    ['what signs certificates is a CA (RFC 5280 4.2.1.9)', signs && !isCa],
    ['a CA may sign certificates (RFC 5280 4.2.1.3)', isCa && keyUsage !== null && !signs],
    [
      'only a CA has name constraints (RFC 5280 4.2.1.10)',
      nameConstraints !== null || critical.has(extension.nameConstraints),
    ],
    ['its extended key usage is not critical (CABF BR 7.1.2.7.6)', critical.get(extension.extendedKeyUsage) === true],
    ['its extended key usage is not any (CABF BR 7.1.2.7.10)', extendedKeyUsage?.includes(usage.any) ?? false],
    ['its host names are host names (RFC 5280 4.2.1.6)', names.dns.some((name) => !isHostName(name))],
  ];
}

/** Labels of letters, digits and inner hyphens; linear in time, as no dot is in a label. */
const HOST_NAME = /^(\*\.)?(?!-)[A-Za-z0-9-]+(?<!-)(\.(?!-)[A-Za-z0-9-]+(?<!-))*$/;

/** A dNSName as RFC 5280 4.2.1.6 wants it, or a wildcard of it; an address has its own form. */
function isHostName(name: WireText): boolean {
  return matches(name, HOST_NAME) && !matches(name, /^[0-9.]+$/);
}

/** RFC 5280 has no word against it, CABF BR 7.1.2.7.8 and OpenSSL have. */
function caAsLeaf({ extensions, fingerprint }: Certificate): readonly Fault[] {
  return extensions.isCa ? [{ code: 'ca-as-leaf', certificate: fingerprint, detail: null, about: null }] : [];
}

/** CABF BR 7.1.4.3: the common name repeats one of the alternative names, character for character. */
function commonNameOutside({ extensions, subject, fingerprint }: Certificate): readonly Fault[] {
  const { dns, ip } = extensions.names;
  const held = new Set<string>([...dns.map((name) => visible(name)), ...ip]);
  return attributeValues(subject?.node, '2.5.4.3')
    .filter((name) => !held.has(visible(name)))
    .slice(0, 1)
    .map((name) => ({ code: 'common-name', certificate: fingerprint, detail: null, about: name }));
}
