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

type Labels = Readonly<Record<string, string>>;

/** Fields of all kinds together: each kind has its own. */
export interface Spec {
  readonly replicas: number;
  readonly serviceName: string;
  readonly clusterIP: string;
  readonly selector: { readonly matchLabels: Labels };
  readonly podSelector: { readonly matchLabels: Labels };
  readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: Pod };
  readonly ports: unknown;
  readonly jobLabel: string;
  readonly endpoints: unknown;
  readonly module: string;
  readonly prober: { readonly url: string; readonly path: string };
  readonly targets: {
    readonly staticConfig: {
      readonly relabelingConfigs: readonly {
        readonly sourceLabels: readonly string[];
        readonly [key: string]: unknown;
      }[];
    };
  };
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Labels };
  readonly data?: Labels;
  readonly spec: Spec;
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
  return manifest(file, kind).spec.template.spec;
}

/** Instructions with their words, lines that go on joined. */
export function containerfile(): readonly (readonly [instruction: string, words: string])[] {
  const lines = deployed('container/Containerfile').replaceAll('\\\n', ' ').split('\n');
  return lines.flatMap((line): [string, string][] => {
    const [, instruction, words] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    return instruction === undefined || words === undefined ? [] : [[instruction, words]];
  });
}
