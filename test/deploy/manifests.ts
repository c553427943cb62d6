// Owns reading what stands under deploy/kubernetes and deploy/container: documents by kind, the container of a pod, the steps of a Containerfile.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

const DEPLOY = resolve(import.meta.dirname, '../../deploy');

export const deployed = (path: string): string => readFileSync(resolve(DEPLOY, path), 'utf8');

interface HttpProbe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

export interface Container {
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly valueFrom: { readonly fieldRef: { readonly fieldPath: string } };
  }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: HttpProbe;
  readonly readinessProbe: HttpProbe;
  readonly livenessProbe: HttpProbe;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly resources: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly: boolean }[];
}

export interface Pod {
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly configMap: { readonly name: string } }[];
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: its form is each kind's own, and each test's to look at.
  readonly spec?: any;
}

/** @throws Error for what is no YAML */
export function manifests(file: string): readonly Manifest[] {
  return parseAllDocuments(deployed(`kubernetes/${file}`)).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as Manifest;
  });
}

export function manifest(file: string, kind: string): Manifest {
  const found = manifests(file).find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`${file} has no ${kind}`);
  return found;
}

/** Of the Deployment and of the StatefulSet. */
export const agentPods: readonly (readonly [file: string, kind: string])[] = [
  ['agent.yaml', 'Deployment'],
  ['agent-shards.yaml', 'StatefulSet'],
];

export function podOf(file: string, kind: string): Pod {
  return (manifest(file, kind).spec as { readonly template: { readonly spec: Pod } }).template.spec;
}

/** Instructions with their words, lines that go on joined. */
export function containerfile(): readonly (readonly [instruction: string, words: string])[] {
  const lines = deployed('container/Containerfile').replaceAll('\\\n', ' ').split('\n');
  return lines.flatMap((line): [string, string][] => {
    const [, instruction, words] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    return instruction === undefined || words === undefined ? [] : [[instruction, words]];
  });
}
