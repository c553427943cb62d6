// Owns name constraints: their reading, and which names they let pass (RFC 5280 4.2.1.10). Comparisons are counted against a budget.
import { children, contextTag, isSequence, type Node } from './der.ts';
import { type GeneralName, generalName, nameForm } from './general-names.ts';

export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** Null when it breaks its format: each base a GeneralName, at least one subtree. */
export function readNameConstraints(node: Node): NameConstraints | null {
  if (!isSequence(node)) return null;
  const subtrees = (number: number): readonly (GeneralName | null)[] =>
    children(node)
      .filter((each) => contextTag(each) === number)
      .flatMap((each) => children(each).map((subtree) => generalName(children(subtree)[0])));
  const [permitted, excluded] = [subtrees(0), subtrees(1)];
  if (permitted.length + excluded.length === 0) return null;
  const isRead = (name: GeneralName | null): name is GeneralName => name !== null;
  return permitted.every(isRead) && excluded.every(isRead) ? { permitted, excluded } : null;
}

/** Comparisons that are left. */
export interface Comparisons {
  left: number;
}

/** Why a name may not stand beneath these constraints; null when it may. `undecided`: the comparisons ran out. */
export type Refusal = 'excluded' | 'not-permitted' | 'malformed' | 'undecided';

export function refusalOf(name: GeneralName, constraints: NameConstraints, comparisons: Comparisons): Refusal | null {
  // All are looked at, if only for their form.
  comparisons.left -= constraints.excluded.length + constraints.permitted.length;
  if (comparisons.left < 0) return 'undecided';
  const fits = comparerOf(name.form);
  const sameForm = (each: GeneralName): boolean => each.form === name.form;
  const excluded = constraints.excluded.filter(sameForm);
  const permitted = constraints.permitted.filter(sameForm);
  if (excluded.length + permitted.length === 0) return null;
  // RFC 5280 4.2.1.10: names of a form that is not understood are refused where such a form is constrained.
  if (fits === null) return 'excluded';
  const exclusions = excluded.map((base) => fits(name.value, base.value, 'excluded'));
  const permissions = permitted.map((base) => fits(name.value, base.value, 'permitted'));
  if ([...exclusions, ...permissions].includes(null)) return 'malformed';
  if (exclusions.includes(true)) return 'excluded';
  return permissions.length > 0 && !permissions.includes(true) ? 'not-permitted' : null;
}

/** True within the subtree. For names that stand for several (wildcards): `excluded` asks for any, `permitted` for all. Null: malformed. */
type Fits = (name: string, base: string, side: 'excluded' | 'permitted') => boolean | null;

function comparerOf(form: number): Fits | null {
  switch (form) {
    case nameForm.dns:
      return dnsFits;
    case nameForm.ip:
      return ipFits;
    case nameForm.directory:
      return (name, base) => name.startsWith(base);
    case nameForm.mail:
      return mailFits;
    case nameForm.uri:
      return uriFits;
    default:
      return null;
  }
}

const isWithin = (name: string, base: string): boolean => base === '' || name === base || name.endsWith(`.${base}`);

const HOST = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;

/** A leading dot is read as everywhere in the field, though RFC 5280 knows it for URIs only: subdomains, not the name itself. */
const dnsFits: Fits = (written, base, side) => {
  const [name, tree] = [written.toLowerCase(), base.toLowerCase()];
  const bare = tree.startsWith('.') ? tree.slice(1) : tree;
  if (tree !== '' && !HOST.test(bare)) return null;
  const domain = name.startsWith('*.') ? name.slice(2) : null;
  if (!HOST.test(domain ?? name)) return null;
  if (domain === null) return isWithin(name, bare) && !(bare !== tree && name === bare);
  if (side === 'permitted' || isWithin(domain, bare)) return isWithin(domain, bare);
  // `*.example.com` may be used for bar.example.com, which is one label deeper.
  return bare.slice(bare.indexOf('.') + 1) === domain;
};

const ipFits: Fits = (name, base) => {
  if (name.length !== 4 && name.length !== 16) return null;
  if (base.length !== 8 && base.length !== 32) return null;
  const half = base.length / 2;
  if (!isMask(base.slice(half))) return null;
  if (name.length !== half) return false;
  for (let at = 0; at < half; at++) {
    const mask = base.charCodeAt(half + at);
    if ((name.charCodeAt(at) & mask) !== (base.charCodeAt(at) & mask)) return false;
  }
  return true;
};

/** RFC 4632 3.1: ones, then zeros. */
function isMask(octets: string): boolean {
  const bits = Array.from(Buffer.from(octets, 'latin1'), (octet) => octet.toString(2).padStart(8, '0')).join('');
  return !bits.includes('01');
}

/** A mailbox, a host whose mailboxes are meant, or a domain after a dot. */
const mailFits: Fits = (name, base) => {
  const mailbox = /^([^@]+)@([^@]+)$/.exec(name);
  const wanted = /^(?:([^@]+)@)?([^@]+)$/.exec(base);
  if (mailbox === null || wanted === null) return null;
  const [host = '', domain = ''] = [mailbox[2]?.toLowerCase(), wanted[2]?.toLowerCase()];
  if (wanted[1] !== undefined) return mailbox[1] === wanted[1] && host === domain;
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain;
};

const uriFits: Fits = (name, base) => {
  // RFC 5280 4.2.1.10: only URIs with a host name are constrained; the others are refused.
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:@[\]]+)/i.exec(name)?.[1]?.toLowerCase();
  if (host === undefined) return null;
  const domain = base.toLowerCase();
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain;
};
