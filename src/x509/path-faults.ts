// Owns what is wrong with a path as a whole: its length, its name constraints, and the name it is for. Checks no signature.
import type { Target } from '../model/target.ts';
import { wireText } from '../model/text.ts';
import type { Certificate } from './certificate.ts';
import { attributeValues } from './distinguished-name.ts';
import type { Fault } from './fault.ts';
import { type GeneralName, nameForm } from './general-names.ts';
import { hostMatches } from './hostname.ts';
import { type Comparisons, type Refusal, refusalOf } from './name-constraints.ts';

export type Host = Pick<Target, 'host' | 'isAddress'>;

export function isSelfIssued({ subject, issuer }: Certificate): boolean {
  return subject !== null && subject.key === issuer?.key;
}

/** Null host: any name will do. */
export function hostFaults(leaf: Certificate, host: Host | null): readonly Fault[] {
  if (host === null || leaf.subject === null || hostMatches(host, leaf.extensions.names)) return [];
  const about = leaf.extensions.names.dns[0] ?? null;
  return [{ code: 'name-mismatch', certificate: leaf.fingerprint, detail: host.host, about }];
}

/** RFC 5280 4.2.1.9: CA certificates beneath that are not self-issued, the leaf not counted. @param path leaf first */
export function lengthFaults(path: readonly Certificate[], most: number | null): readonly Fault[] {
  const faults: Fault[] = [];
  let beneath = 0;
  for (const certificate of path.slice(1)) {
    const { fingerprint, extensions } = certificate;
    const allowed = extensions.basic?.ca === true ? extensions.basic.pathLength : null;
    if (allowed !== null && beneath > allowed) {
      const detail = `it allows ${allowed}, there are ${beneath}`;
      faults.push({ code: 'path-too-long', certificate: fingerprint, detail, about: null });
    }
    if (!isSelfIssued(certificate)) beneath += 1;
  }
  const root = path.at(-1);
  if (root === undefined || most === null) return faults;
  const between = path.slice(1, -1).filter((certificate) => !isSelfIssued(certificate)).length;
  if (between > most) {
    faults.push({
      code: 'path-too-long',
      certificate: root.fingerprint,
      detail: `at most ${most} were asked for`,
      about: null,
    });
  }
  return faults;
}

const REFUSALS: Readonly<Record<Exclude<Refusal, 'undecided'>, string>> = {
  excluded: 'the issuer is forbidden to certify it',
  'not-permitted': 'the issuer is not allowed to certify it',
  malformed: 'the name or the constraint is malformed',
};

/** RFC 5280 6.1.3 b and c, 6.1.4 g: the constraints of each issuer on every certificate beneath it. @param path leaf first */
export function constraintFaults(path: readonly Certificate[], comparisons: Comparisons): readonly Fault[] {
  const faults: Fault[] = [];
  for (const [position, { extensions }] of path.entries()) {
    const { nameConstraints } = extensions;
    if (nameConstraints === null || position === 0) continue;
    for (const [below, certificate] of path.slice(0, position).entries()) {
      // RFC 5280 6.1.3 b: those that renew a CA under its own name are exempt, the last one is not.
      if (below > 0 && isSelfIssued(certificate)) continue;
      const fault = firstRefused(certificate, nameConstraints, comparisons);
      if (fault !== null) faults.push(fault);
      if (comparisons.left < 0) return faults;
    }
  }
  return faults;
}

function firstRefused(
  certificate: Certificate,
  constraints: NonNullable<Certificate['extensions']['nameConstraints']>,
  comparisons: Comparisons,
): Fault | null {
  for (const name of namesOf(certificate)) {
    const refusal = refusalOf(name, constraints, comparisons);
    if (refusal === null) continue;
    const { fingerprint } = certificate;
    if (refusal === 'undecided') return { code: 'too-complex', certificate: fingerprint, detail: null, about: null };
    const about = name.form === nameForm.dns || name.form === nameForm.mail ? wireText(name.value, 256) : null;
    return { code: 'name-constraint', certificate: fingerprint, detail: REFUSALS[refusal], about };
  }
  return null;
}

/** RFC 5280 4.2.1.10: the alternative names and the subject; mail addresses in the subject where no alternative name has one. */
function* namesOf({ subject, extensions }: Certificate): Generator<GeneralName> {
  const { altNames } = extensions;
  yield* altNames ?? [];
  if (subject === null || subject.key === '') return;
  yield { form: nameForm.directory, value: subject.key };
  if (altNames?.some(({ form }) => form === nameForm.mail)) return;
  for (const mail of attributeValues(subject.node, '1.2.840.113549.1.9.1')) {
    yield { form: nameForm.mail, value: mail as unknown as string };
  }
}
