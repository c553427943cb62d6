// Owns what all servers of a zone above say of a zone, put together. Pure; which of them is right is for the checks.
import { compareText, sameText, type WireText } from '../../src/model/text.ts';
import type { ParentEvidence } from './evidence.ts';

/** Name servers and glue that any of them gives, each once and sorted. */
export function anyOf(
  { nameservers, glue, others = [] }: ParentEvidence,
  zone: string,
): Pick<ParentEvidence, 'nameservers' | 'glue'> {
  const views = others.filter((view) => view.says === 'refers' && view.zone === zone);
  const names = [nameservers, ...views.map((view) => view.nameservers)].flat().toSorted(compareText);
  const all = [glue, ...views.map((view) => view.glue)].flat();
  return {
    nameservers: names.filter((name, index) => firstOf(names, name) === index),
    glue: all.filter(
      ({ name, address }, index) =>
        all.findIndex((other) => other.address === address && sameText(other.name, name)) === index,
    ),
  };
}

function firstOf(names: readonly WireText[], name: WireText): number {
  return names.findIndex((other) => sameText(other, name));
}
